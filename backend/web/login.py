"""Logging in and out, and changing one's password."""

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from backend.errors import InputError
from backend.store import accounts
from backend.web.guard import Person, log_in, only, settings

pages = Blueprint("login", __name__)


@pages.get("/login")
def show() -> str:
    return render_template("login.html")


@pages.post("/login")
def enter() -> Response | tuple[str, int]:
    person = log_in(request.form.get("email", ""), request.form.get("password", ""))
    if person is None:
        return render_template("login.html", wrong=True), 401
    target = session.pop("after_login", None) or url_for("home.show")
    session.clear()
    login_user(person)
    return redirect(target)


@pages.post("/logout")
def leave() -> Response:
    logout_user()
    session.clear()
    return redirect(url_for("login.show"))


@pages.get("/password")
@only()
def password() -> str:
    return render_template("password.html")


@pages.post("/password")
@only()
def change_password() -> Response | tuple[str, int]:
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    try:
        if new != again:
            raise InputError("the two new passwords differ; type them again", field="again")
        accounts.change_password(settings(), current_user.account_id, old, new)
    except InputError as error:
        return render_template("password.html", problem=error.message), 400
    account = accounts.account(settings(), current_user.account_id) or abort(404)
    login_user(Person(account))
    flash("Your password is changed.")
    return redirect(url_for("home.show"))
