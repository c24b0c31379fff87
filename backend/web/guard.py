"""Who may do what: sessions by cookie, scripts by HTTP Basic, a token in every form, and a limit on wrong passwords."""

import hashlib
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Request, abort, current_app, flash, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from backend.settings import Settings
from backend.store import accounts
from backend.store.accounts import STAFF, Role
from backend.store.tables import Account
from backend.web.limits import WrongPasswords
from backend.web.words import gettext as _
from backend.web.words import term

CHANGING = ("POST", "PUT", "PATCH", "DELETE")

P = ParamSpec("P")
T = TypeVar("T")


class Person(UserMixin):  # type: ignore[misc]
    """The account that is logged in; its sessions end when its password or role changes or it is closed."""

    def __init__(self, account: Account) -> None:
        self.account_id, self.email, self.role = account.id, account.email, account.role
        self.generated, self.language, self.reader_id = account.generated, account.language, account.reader_id
        words = f"{account.role} {account.password_hash or ''}"
        self._mark = hashlib.sha256(words.encode()).hexdigest()[:16]

    def get_id(self) -> str:
        return f"{self.account_id}.{self._mark}"

    def may(self, *roles: Role) -> bool:
        """Administrators may do what any role may, except what is a reader's own."""
        return self.role in roles or (self.role == "administrator" and roles != ("reader",))


def settings() -> Settings:
    chosen: Settings = current_app.config["SCINTILOOP"]
    return chosen


def guard(app: Flask) -> None:
    """Puts the guards before every request of `app`."""
    manager = LoginManager(app)
    manager.user_loader(_by_session)
    manager.request_loader(_by_basic)
    manager.unauthorized_handler(_ask_to_log_in)
    app.extensions["wrong_passwords"] = WrongPasswords()
    app.before_request(_check_form_token)
    app.jinja_env.globals["form_token"] = form_token


def log_in(email: str, password: str) -> Person | None:
    """The person of these words; None where they are wrong; status 429 after too many wrong ones."""
    wrong: WrongPasswords = current_app.extensions["wrong_passwords"]
    key, place = accounts.address(email), request.remote_addr
    if wrong.too_many(key, place):
        abort(429, _("too many wrong passwords; wait five minutes"))
    account = accounts.verify(settings(), email, password)
    if account is None:
        wrong.add(key, place)
        accounts.note_failed_log_in(settings(), email)
        return None
    wrong.got_in(key, place)
    return Person(account)


def only(*roles: Role) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Lets these roles and administrators in; any account but a reader's where none is named."""
    allowed = roles or STAFF

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
            if not current_user.may(*allowed):
                abort(403, _refusal(allowed))
            return view(*args, **kwargs)

        return guarded

    return decorate


def _refusal(roles: tuple[Role, ...]) -> str:
    needed = _(" or ").join(term(role) for role in roles)
    return _("this needs the role %(needed)s; you are logged in as %(own)s", needed=needed, own=term(current_user.role))


def form_token() -> str:
    """The token that every form of this session carries back."""
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe(24)
    return str(session["form_token"])


def _check_form_token() -> None:
    """Refuses a change that another site could have sent; Basic credentials are never sent by a page of its own."""
    if request.method not in CHANGING or request.authorization:
        return
    sent = request.headers.get("X-Form-Token") or request.form.get("form_token") or ""
    kept = session.get("form_token") or ""
    if not kept or not secrets.compare_digest(sent.encode(), kept.encode()):
        abort(400, _("this form is out of date; load the page again and repeat"))


def _by_session(user_id: str) -> Person | None:
    account_id, _, _mark = user_id.partition(".")
    account = accounts.account(settings(), int(account_id))
    person = Person(account) if account and account.active else None
    return person if person and person.get_id() == user_id else None


def _by_basic(incoming: Request) -> Person | None:
    given = incoming.authorization
    if given is None or given.type != "basic" or not request.path.startswith("/api/"):
        return None
    return log_in(given.username or "", given.password or "")


def _ask_to_log_in() -> Any:
    if request.path.startswith("/api/"):
        abort(401, _("log in, or send the e-mail and password of an account by HTTP Basic"))
    if request.method == "GET":
        session["after_login"] = request.full_path.rstrip("?")
    flash(_("Please log in."))
    return redirect(url_for("login.show"))
