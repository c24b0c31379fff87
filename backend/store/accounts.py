"""Log-ins to Scintiloop's own pages: Argon2 hashes in the database, generated passwords in one secret file.

Readers have no account here; they read in Label Studio or Labelme.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import select

from backend.errors import InputError, NotFound
from backend.settings import Settings
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import Account

Role = Literal["administrator", "engineer", "physician", "reader"]
ROLES: tuple[Role, ...] = get_args(Role)
STAFF: tuple[Role, ...] = ("administrator", "engineer", "physician")
SHORTEST_PASSWORD = 12

_hasher = PasswordHasher()


def create_first_accounts(settings: Settings) -> list[dict[str, str]]:
    """One account per role with a generated password, unless there is any account; returns `standing_accounts`."""
    with open_session(settings) as session:
        if session.scalars(select(Account).limit(1)).first() is None:
            made = {f"{role}@scintiloop.local": (role, secrets.token_urlsafe(12)) for role in STAFF}
            for email, (role, password) in made.items():
                session.add(Account(email=email, role=role, password_hash=_hasher.hash(password), generated=True))
            record(session, "scintiloop", "first accounts made", accounts=sorted(made))
            _write_generated(settings, {email: password for email, (_, password) in made.items()})
    return standing_accounts(settings)


def standing_accounts(settings: Settings) -> list[dict[str, str]]:
    """The accounts whose generated password still stands: where, role, email, password."""
    passwords = _read_generated(settings)
    with open_session(settings) as session:
        rows = session.scalars(select(Account).where(Account.generated).order_by(Account.id)).all()
    return [
        {"where": "web", "role": row.role, "email": row.email, "password": passwords[row.email]}
        for row in rows
        if row.email in passwords
    ]


def account(settings: Settings, account_id: int) -> Account | None:
    with open_session(settings) as session:
        return session.get(Account, account_id)


def verify(settings: Settings, email: str, password: str) -> Account | None:
    """The account of these words, or None; takes as long for an unknown address as for a wrong password."""
    with open_session(settings) as session:
        found = session.scalars(select(Account).where(Account.email == email.strip().lower())).first()
    if found is None or found.password_hash is None:
        _hasher.hash(password)
        return None
    try:
        _hasher.verify(found.password_hash, password)
    except (Argon2Error, InvalidHashError):
        return None
    return found


def change_password(settings: Settings, account_id: int, old: str, new: str) -> None:
    """Replaces a password and forgets the generated one.

    Raises:
        InputError: the old password is wrong, or the new one too short or the same.
    """
    found = account(settings, account_id)
    if found is None:
        raise NotFound(f"account {account_id} does not exist")
    if verify(settings, found.email, old) is None:
        raise InputError("the present password is not right; type it again", field="old")
    if len(new) < SHORTEST_PASSWORD or new == old:
        raise InputError(f"choose a new password of at least {SHORTEST_PASSWORD} characters", field="new")
    hashed = _hasher.hash(new)
    with open_session(settings) as session:
        row = session.get_one(Account, account_id)
        row.password_hash, row.generated = hashed, False
        record(session, row.email, "password changed")
    _write_generated(settings, {k: v for k, v in _read_generated(settings).items() if k != found.email})


def choose_language(settings: Settings, account_id: int, language: str) -> None:
    with open_session(settings) as session:
        session.get_one(Account, account_id).language = language


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
