"""What an administrator does with accounts; each change ends the account's sessions and stands in the audit trail."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import InputError, NotFound, WrongState
from backend.sentences import say
from backend.settings import Settings
from backend.store.accounts import (
    ROLES,
    STAFF,
    forget_generated,
    has_password,
    hashed,
    new_address,
    new_password,
)
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import Account, Reader


def all_accounts(settings: Settings) -> list[dict[str, Any]]:
    """Every account for the page of accounts, as JSON, by e-mail."""
    chosen = select(Account, Reader.name).outerjoin(Reader, Reader.id == Account.reader_id).order_by(Account.email)
    with open_session(settings) as session:
        return [
            {
                "id": row.id,
                "email": row.email,
                "role": row.role,
                "reader": reader,
                "active": row.active,
                "password": _password_state(row),
                "provider": row.subject is not None,
                "created": row.created.isoformat(),
            }
            for row, reader in session.execute(chosen)
        ]


def readers_without_account(settings: Settings) -> list[dict[str, Any]]:
    """Readers for whom an account of their own page can be made: `id`, `name`."""
    taken = select(Account.reader_id).where(Account.reader_id.is_not(None))
    chosen = select(Reader.id, Reader.name).where(Reader.id.not_in(taken)).order_by(Reader.number)
    with open_session(settings) as session:
        return [{"id": reader_id, "name": name} for reader_id, name in session.execute(chosen)]


def make_account(settings: Settings, email: str, role: str, reader_id: int | None, by: str) -> str:
    """A new account; returns its generated password, which is kept nowhere.

    Args:
        reader_id: whose own page it opens, for the role `reader` alone.

    Raises:
        InputError: the address is none or taken, the role unknown, or the reader missing or taken.
    """
    kept, password = new_address(email), new_password()
    if role not in ROLES:
        raise InputError(say("is {role}; choose one of {roles}", role=role, roles=", ".join(ROLES)), field="role")
    new_hash = hashed(password)
    with open_session(settings) as session:
        if session.scalars(select(Account).where(Account.email == kept)).first() is not None:
            raise InputError(say("{email} has an account already", email=kept), field="email")
        reader = _free_reader(session, reader_id) if role == "reader" else None
        session.add(Account(email=kept, role=role, password_hash=new_hash, generated=True, reader_id=reader))
        record(session, by, "account made", account=kept, role=role)
    return password


def change_role(settings: Settings, account_id: int, role: str, by: str) -> None:
    """Raises: InputError, NotFound, WrongState: a reader's account, or the last administrator's."""
    if role not in STAFF:
        raise InputError(say("is {role}; choose one of {roles}", role=role, roles=", ".join(STAFF)), field="role")
    with _changing(settings, account_id) as (session, row):
        if row.role == "reader":
            raise WrongState(say("a reader's account stays one: whoever has read cannot judge; make another account"))
        if row.role == role:
            return
        if role != "administrator":
            _keep_an_administrator(session, row)
        record(session, by, "role changed", account=row.email, was=row.role, role=role)
        row.role = role


def reset_password(settings: Settings, account_id: int, by: str, password: str | None = None) -> str:
    """A new generated password, which is kept nowhere.

    Args:
        password: the one generated for the same person elsewhere.

    Raises:
        NotFound: no such account.
        WrongState: the account is closed.
    """
    password = password or new_password()
    new_hash = hashed(password)
    with _changing(settings, account_id) as (session, row):
        refuse_closed(row)
        row.password_hash, row.generated = new_hash, True
        record(session, by, "password reset", account=row.email)
    forget_generated(settings, row.email)
    return password


def refuse_closed(row: Account) -> None:
    """Raises: WrongState: the account is closed."""
    if not row.active:
        raise WrongState(say("the account of {email} is closed; open it first", email=row.email))


def close_account(settings: Settings, account_id: int, by: str) -> None:
    """Nobody logs in to it any more, and its password is gone for good; what it did stays.

    Raises:
        NotFound: no such account.
        WrongState: it is the last administrator's.
    """
    with _changing(settings, account_id) as (session, row):
        _keep_an_administrator(session, row)
        row.active, row.generated = False, False
        # something new in the password's place, so that an account opened again does not revive an old session
        row.password_hash = f"closed {secrets.token_hex(16)}"
        record(session, by, "account closed", account=row.email)
    forget_generated(settings, row.email)


def open_account(settings: Settings, account_id: int, by: str) -> None:
    """Opens a closed account; without a password until one is made, or through the identity provider."""
    with _changing(settings, account_id) as (session, row):
        row.active = True
        record(session, by, "account opened", account=row.email)


def account_id_of(settings: Settings, email: str) -> int:
    """Raises: NotFound: nobody has that address."""
    with open_session(settings) as session:
        found = session.scalars(select(Account.id).where(Account.email == email.strip().lower())).first()
    if found is None:
        raise NotFound(say("{email} has no account for the pages", email=email))
    return found


@contextmanager
def _changing(settings: Settings, account_id: int) -> Iterator[tuple[Session, Account]]:
    administrators = select(Account.id).where(Account.role == "administrator").order_by(Account.id)
    with open_session(settings) as session:
        # two administrators must not take each other's role at once
        session.execute(administrators.with_for_update())
        row = session.get(Account, account_id)
        if row is None:
            raise NotFound(say("account {id} does not exist", id=account_id))
        yield session, row


def _keep_an_administrator(session: Session, row: Account) -> None:
    """Raises: WrongState: without this one nobody could look after the accounts."""
    others = select(Account.id).where(Account.role == "administrator", Account.active, Account.id != row.id)
    if row.role == "administrator" and row.active and session.scalars(others).first() is None:
        raise WrongState(say("{email} is the last administrator; make another one first", email=row.email))


def _free_reader(session: Session, reader_id: int | None) -> int:
    if reader_id is None or session.get(Reader, reader_id) is None:
        raise InputError(say("choose the reader whose page it is"), field="reader")
    if session.scalars(select(Account).where(Account.reader_id == reader_id)).first() is not None:
        raise InputError(say("this reader has an account already"), field="reader")
    return reader_id


def _password_state(row: Account) -> str:
    """`generated`, `own` or `none`."""
    if not has_password(row):
        return "none"
    return "generated" if row.generated else "own"
