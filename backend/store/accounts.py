"""Log-ins to Scintiloop's own pages: Argon2 hashes in the database, the first passwords in one secret file.

Readers draw in Label Studio or Labelme; their account here opens their own page alone.
"""

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any, Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select

from backend.errors import InputError, NotFound
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import Account, Reader

Role = Literal["administrator", "engineer", "physician", "reader"]
ROLES: tuple[Role, ...] = get_args(Role)
STAFF: tuple[Role, ...] = ("administrator", "engineer", "physician")
"""Everybody but readers."""
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1000
"""Characters; hashing a book takes long."""
PASSWORD_BYTES = 12
LONGEST_EMAIL = 254
EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)

_hasher = PasswordHasher()


def create_first_accounts(settings: Settings) -> list[dict[str, str]]:
    """One account for each role of the staff with a generated password, unless there is any; `standing_accounts`."""
    with open_session(settings) as session:
        if session.scalars(select(Account).where(Account.role != "reader").limit(1)).first() is None:
            made = {f"{role}@scintiloop.local": (role, new_password()) for role in STAFF}
            for email, (role, password) in made.items():
                session.add(Account(email=email, role=role, password_hash=hashed(password), generated=True))
            record(session, "scintiloop", "first accounts made", accounts=sorted(made))
            _write_generated(settings, {email: password for email, (_, password) in made.items()})
    return standing_accounts(settings)


def create_reader_account(settings: Settings, reader: str, email: str, password: str) -> None:
    """The account for a reader's own page, under the words of the reader's first log-in to Label Studio.

    Changes nothing where the reader has one or the address is taken.
    """
    with open_session(settings) as session:
        row = session.scalars(select(Reader).where(Reader.name == reader)).one()
        taken = (Account.reader_id == row.id) | (Account.email == email)
        if session.scalars(select(Account).where(taken).limit(1)).first() is not None:
            return
        made = Account(email=email, role="reader", reader_id=row.id, password_hash=hashed(password), generated=True)
        session.add(made)
        record(session, "scintiloop", "account made", account=email, role="reader")


def standing_accounts(settings: Settings) -> list[dict[str, str]]:
    """The staff's accounts whose first password still stands: where, role, email, password."""
    passwords = _read_generated(settings)
    return [
        {"where": "web", "role": row.role, "email": row.email, "password": passwords[row.email]}
        for row in generated_accounts(settings)
        if row.email in passwords
    ]


def generated_accounts(settings: Settings) -> list[Account]:
    """Active accounts that nobody has chosen a password for."""
    chosen = select(Account).where(Account.generated, Account.active).order_by(Account.id)
    with open_session(settings) as session:
        return list(session.scalars(chosen))


def account(settings: Settings, account_id: int) -> Account | None:
    with open_session(settings) as session:
        return session.get(Account, account_id)


def verify(settings: Settings, email: str, password: str) -> Account | None:
    """The active account of these words, or None; takes as long for an unknown address as for a wrong password."""
    with open_session(settings) as session:
        found = session.scalars(select(Account).where(Account.email == address(email))).first()
    if found is None or not has_password(found) or len(password) > LONGEST_PASSWORD:
        _hasher.hash(password[:LONGEST_PASSWORD])
        return None
    try:
        _hasher.verify(str(found.password_hash), password)
    except (Argon2Error, InvalidHashError):
        return None
    return found if found.active else None


def note_log_in(settings: Settings, email: str, how: str) -> None:
    with open_session(settings) as session:
        record(session, email, "logged in", how=how)


def note_failed_log_in(settings: Settings, email: str) -> None:
    """Notes that somebody failed at this account; words that are no account's are not kept: they may be a password."""
    with open_session(settings) as session:
        known = session.scalars(select(Account.email).where(Account.email == address(email))).first()
        record(session, known or "visitor", "log-in failed")


def change_password(settings: Settings, account_id: int, old: str, new: str) -> None:
    """Replaces a password and forgets the generated one.

    Raises:
        InputError: the old password is wrong, or the new one too short, too long or the same.
    """
    found = account(settings, account_id)
    if found is None:
        raise NotFound(say("account {id} does not exist", id=account_id))
    if verify(settings, found.email, old) is None:
        raise InputError(say("the present password is not right; type it again"), field="old")
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD or new == old:
        raise InputError(say("choose a new password of at least {n} characters", n=SHORTEST_PASSWORD), field="new")
    new_hash = hashed(new)
    with open_session(settings) as session:
        row = session.get_one(Account, account_id)
        row.password_hash, row.generated = new_hash, False
        record(session, row.email, "password changed")
    forget_generated(settings, found.email)


def choose_language(settings: Settings, account_id: int, language: str) -> None:
    with open_session(settings) as session:
        session.get_one(Account, account_id).language = language


def address(email: str) -> str:
    """An e-mail address as it is compared and kept."""
    return email.strip().lower()


def new_address(email: str) -> str:
    """Raises: InputError: it is no e-mail address."""
    kept = address(email)
    if len(kept) > LONGEST_EMAIL or not EMAIL.fullmatch(kept):
        raise InputError(say("this is no e-mail address; write it like name@hospital.example"), field="email")
    return kept


def has_password(row: Account) -> bool:
    """Whether it can log in by password at all."""
    return bool(row.password_hash) and str(row.password_hash).startswith("$argon2")


def new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def hashed(password: str) -> str:
    return _hasher.hash(password)


def forget_generated(settings: Settings, email: str) -> None:
    """Takes an account's first password out of the secret file."""
    kept = _read_generated(settings)
    if kept.pop(email, None) is not None:
        _write_generated(settings, kept)


def _generated_file(settings: Settings) -> Path:
    return settings.accounts / "web_accounts.json"


def _read_generated(settings: Settings) -> dict[str, Any]:
    try:
        return dict(json.loads(_generated_file(settings).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _write_generated(settings: Settings, passwords: dict[str, Any]) -> None:
    path = _generated_file(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(passwords), encoding="utf-8")
    partial.replace(path)
