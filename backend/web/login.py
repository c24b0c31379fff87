"""Logging in and out, and changing one's password."""

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from backend.errors import InputError
from backend.sentences import say
from backend.store import accounts
from backend.web.guard import Person, log_in, only, settings
from backend.web.words import LANGUAGES, said
from backend.web.words import gettext as _

pages = Blueprint("login", __name__)


@pages.get("/login")
def show() -> str:
    return render_template("login.html")


@pages.post("/login")
def enter() -> Response | tuple[str, int]:
    person = log_in(request.form.get("email", ""), request.form.get("password", ""))
    if person is None:
        problem = _("E-mail and password do not fit. `scintiloop accounts` shows the first ones.")
        return render_template("login.html", problem=problem), 401
    return begin(person, how="password")


def begin(person: Person, *, how: str) -> Response:
    """A new session for this person, who keeps the language chosen before and goes on to the page asked for."""
    chosen, target = session.get("language"), session.get("after_login")
    session.clear()
    session.permanent = True
    if chosen:
        session["language"] = chosen
    login_user(person)
    accounts.note_log_in(settings(), person.email, how)
    return redirect(target if target and is_ours(target) else url_for("home.show"))


@pages.post("/logout")
def leave() -> Response:
    logout_user()
    session.clear()
    return redirect(url_for("login.show"))


@pages.post("/language")
def choose_language() -> Response:
    """Form: `language`; `back`, the path of the page on which it was chosen."""
    chosen, back = request.form.get("language", ""), request.form.get("back", "")
    if chosen not in LANGUAGES:
        abort(400, _("these pages speak %(names)s", names=", ".join(LANGUAGES)))
    session["language"] = chosen
    if current_user.is_authenticated:
        accounts.choose_language(settings(), current_user.account_id, chosen)
    return redirect(back if is_ours(back) else url_for("home.show"))


def is_ours(path: str) -> bool:
    """Whether it is a path on these pages and no other site's address."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path


@pages.get("/password")
@only(*accounts.ROLES)
def password() -> str:
    return render_template("password.html")


@pages.post("/password")
@only(*accounts.ROLES)
def change_password() -> Response | tuple[str, int]:
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    try:
        if new != again:
            raise InputError(say("the two new passwords differ; type them again"), field="again")
        accounts.change_password(settings(), current_user.account_id, old, new)
    except InputError as error:
        return render_template("password.html", problem=said(error.message)), 400
    account = accounts.account(settings(), current_user.account_id) or abort(404)
    login_user(Person(account))
    flash(_("Your password is changed."))
    return redirect(url_for("home.show"))
