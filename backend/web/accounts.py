"""The administrators' page of accounts: make, change the role of, close, open, give a new password."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backend.errors import InputError, ScintiloopError
from backend.store import account_changes as changes
from backend.store.accounts import ROLES, STAFF
from backend.web.guard import only, settings
from backend.web.words import gettext as _
from backend.web.words import said

pages = Blueprint("accounts", __name__, url_prefix="/accounts")


@pages.get("")
@only("administrator")
def index() -> str:
    return _page()


@pages.post("")
@only("administrator")
def make() -> str | tuple[str, int]:
    """Form: `email`, `role`, `reader` (an id, for the role reader). Answers with the generated password, once."""
    form, reader = request.form, request.form.get("reader", "")
    try:
        reader_id = int(reader) if reader.isdecimal() and len(reader) < 10 else None
        password = changes.make_account(
            settings(), form.get("email", ""), form.get("role", ""), reader_id, by=current_user.email
        )
    except InputError as error:
        return _page(problem=said(error.message), typed=form), 400
    return _page(shown={"email": form["email"].strip().lower(), "password": password})


@pages.post("/<int:account_id>/password")
@only("administrator")
def reset(account_id: int) -> str | tuple[str, int]:
    """Answers with the generated password, once."""
    email = _email(account_id)
    try:
        password = changes.reset_password(settings(), account_id, by=current_user.email)
    except ScintiloopError as error:
        return _page(problem=said(error)), 409
    return _page(shown={"email": email, "password": password})


@pages.post("/<int:account_id>/role")
@only("administrator")
def change_role(account_id: int) -> Response:
    """Form: `role`."""
    role = request.form.get("role", "")
    return _told(
        lambda: changes.change_role(settings(), account_id, role, by=current_user.email),
        lambda: _("%(email)s has the new role from the next log-in on.", email=_email(account_id)),
    )


@pages.post("/<int:account_id>/close")
@only("administrator")
def close(account_id: int) -> Response:
    return _told(
        lambda: changes.close_account(settings(), account_id, by=current_user.email),
        lambda: _("The account of %(email)s is closed; what it did stays.", email=_email(account_id)),
    )


@pages.post("/<int:account_id>/open")
@only("administrator")
def reopen(account_id: int) -> Response:
    return _told(
        lambda: changes.open_account(settings(), account_id, by=current_user.email),
        lambda: _("The account of %(email)s is open again; give it a new password.", email=_email(account_id)),
    )


def _page(**more: Any) -> str:
    free = changes.readers_without_account(settings())
    accounts = changes.all_accounts(settings())
    return render_template("accounts.html", accounts=accounts, readers=free, roles=ROLES, staff=STAFF, **more)


def _email(account_id: int) -> str:
    return next((str(one["email"]) for one in changes.all_accounts(settings()) if one["id"] == account_id), "")


def _told(change: Any, sentence: Any) -> Response:
    """Does it, and says on the page what came of it."""
    try:
        change()
        flash(sentence())
    except ScintiloopError as error:
        flash(said(error), "problem")
    return redirect(url_for("accounts.index"))
