"""What administrators do with accounts, and what it does to those who are logged in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.settings import Settings
from backend.store import account_changes as changes
from backend.store import accounts
from backend.store.session import open_session
from backend.store.tables import AuditEntry

SECRET = re.compile(r'class="secret">([^<]+)<')


@pytest.fixture
def administrator(log_in: Callable[[str], Any]) -> Any:
    return log_in("administrator")


@pytest.fixture
def trail(settings: Settings) -> Callable[[], list[tuple[str, str, dict[str, Any]]]]:
    def read() -> list[tuple[str, str, dict[str, Any]]]:
        with open_session(settings) as session:
            rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return [(row.who, row.action, row.detail) for row in rows]

    return read


def account_id(settings: Settings, email: str) -> int:
    return changes.account_id_of(settings, email)


def make(administrator: Any, email: str, role: str, **more: str) -> Any:
    return administrator.post("/accounts", on="/accounts", email=email, role=role, **more)


def test_a_new_account_gets_a_password_that_is_shown_once_and_works(
    settings: Settings, administrator: Any, visitor: Any
) -> None:
    page = make(administrator, " Physician-2@Hospital.example ", "physician").text
    password = SECRET.search(page)
    assert password
    assert "physician-2@hospital.example" in page
    assert password[1] not in administrator.get("/accounts").text
    assert password[1] not in str([one.read_bytes() for one in settings.accounts.iterdir()])
    assert visitor.post("/login", email="physician-2@hospital.example", password=password[1]).status_code == 302


@pytest.mark.parametrize(
    ("email", "role", "words"),
    [
        ("", "physician", "no e-mail address"),
        ("nobody", "physician", "no e-mail address"),
        ("a b@x.example", "physician", "no e-mail address"),
        ("a@x.example\nBcc: b@x.example", "physician", "no e-mail address"),
        (f"{'a' * 60}@{'b' * 200}.example", "physician", "no e-mail address"),
        ("<script>@x.example", "physician", "no e-mail address"),
        ("engineer@scintiloop.local", "physician", "has an account already"),
        ("a@x.example", "king", "choose one of"),
        ("a@x.example", "reader", "choose the reader"),
    ],
    ids=["empty", "no @", "a blank", "a line break", "too long", "script", "taken", "unknown role", "no reader"],
)
def test_an_account_that_cannot_be_made_says_why(administrator: Any, email: str, role: str, words: str) -> None:
    answer = make(administrator, email, role)
    assert answer.status_code == 400
    assert words in answer.text
    assert "<script>@" not in answer.text


def test_a_readers_account_belongs_to_one_reader(settings: Settings, administrator: Any, add_reader: Any) -> None:
    reader = str(add_reader("the third", 3))
    assert make(administrator, "third@x.example", "reader", reader=reader).status_code == 200
    again = make(administrator, "fourth@x.example", "reader", reader=reader)
    assert again.status_code == 400
    assert "has an account already" in again.text
    row = accounts.account(settings, account_id(settings, "third@x.example"))
    assert row
    assert row.reader_id == int(reader)


@pytest.mark.parametrize("change", ["role", "password", "close"])
def test_a_change_by_the_administrator_ends_the_sessions_of_the_account(
    settings: Settings, administrator: Any, log_in: Callable[[str], Any], change: str
) -> None:
    there = log_in("engineer")
    place = f"/accounts/{account_id(settings, 'engineer@scintiloop.local')}/{change}"
    assert there.get("/password").status_code == 200
    assert administrator.post(place, on="/accounts", role="physician").status_code in (200, 302)
    assert there.get("/password").headers["Location"] == "/login"


def test_a_closed_account_that_is_opened_again_revives_neither_session_nor_password(
    settings: Settings, administrator: Any, log_in: Callable[[str], Any], passwords: dict[str, Any], visitor: Any
) -> None:
    there, engineer = log_in("engineer"), account_id(settings, "engineer@scintiloop.local")
    administrator.post(f"/accounts/{engineer}/close", on="/accounts")
    assert visitor.post("/login", **words_of(passwords["engineer"])).status_code == 401
    administrator.post(f"/accounts/{engineer}/open", on="/accounts")
    assert there.get("/password").headers["Location"] == "/login"
    assert visitor.post("/login", **words_of(passwords["engineer"])).status_code == 401
    password = SECRET.search(administrator.post(f"/accounts/{engineer}/password", on="/accounts").text)
    assert password
    reply = visitor.post("/login", email="engineer@scintiloop.local", password=password[1])
    assert reply.status_code == 302
    assert "engineer@scintiloop.local" not in [one["email"] for one in accounts.standing_accounts(settings)]


def words_of(account: dict[str, str]) -> dict[str, str]:
    return {"email": account["email"], "password": account["password"]}


@pytest.mark.parametrize("change", ["role", "close"])
def test_the_last_administrator_stays(settings: Settings, administrator: Any, change: str) -> None:
    own = account_id(settings, "administrator@scintiloop.local")
    administrator.post(f"/accounts/{own}/{change}", on="/accounts", role="engineer")
    assert "is the last administrator" in administrator.get("/accounts").text
    make(administrator, "second@x.example", "administrator")
    administrator.post(f"/accounts/{own}/{change}", on="/accounts", role="engineer")
    assert administrator.get("/accounts").headers["Location"] == "/login"


def test_whoever_has_read_cannot_be_made_a_judge(
    settings: Settings, administrator: Any, with_reader: dict[str, Any]
) -> None:
    reader = account_id(settings, with_reader["reader"]["email"])
    administrator.post(f"/accounts/{reader}/role", on="/accounts", role="physician")
    assert "stays one" in administrator.get("/accounts").text
    found = accounts.account(settings, reader)
    assert found
    assert found.role == "reader"


@pytest.mark.parametrize("change", ["role", "close", "open", "password"])
def test_an_account_that_does_not_exist_is_said_so(administrator: Any, change: str) -> None:
    reply = administrator.post(f"/accounts/99/{change}", on="/accounts", role="engineer")
    page = reply if reply.status_code == 409 else administrator.get("/accounts")
    assert "account 99 does not exist" in page.text


def test_everything_about_accounts_stands_in_the_audit_trail_without_any_password(
    settings: Settings, administrator: Any, visitor: Any, trail: Any
) -> None:
    page = make(administrator, "new@x.example", "physician").text
    password = SECRET.search(page)
    assert password
    place = f"/accounts/{account_id(settings, 'new@x.example')}"
    for change in ("role", "password", "close", "open"):
        administrator.post(f"{place}/{change}", on="/accounts", role="engineer")
    visitor.post("/login", email="new@x.example", password="typed wrongly")
    visitor.post("/login", email="my-password-in-the-wrong-field", password="x")
    by, entries = "administrator@scintiloop.local", trail()
    assert (by, "logged in", {"how": "password"}) in entries
    assert (by, "account made", {"account": "new@x.example", "role": "physician"}) in entries
    assert (by, "role changed", {"account": "new@x.example", "was": "physician", "role": "engineer"}) in entries
    assert [action for who, action, _ in entries if who == by][-3:] == [
        "password reset",
        "account closed",
        "account opened",
    ]
    assert ("new@x.example", "log-in failed", {}) in entries
    assert ("visitor", "log-in failed", {}) in entries
    for secret in (password[1], "typed wrongly", "my-password-in-the-wrong-field"):
        assert secret not in str(entries)


def test_the_readers_first_web_password_is_that_of_label_studio_and_made_once(
    settings: Settings, add_reader: Any, visitor: Any
) -> None:
    add_reader("reader 1", 1)
    for password in ("the first", "another"):
        accounts.create_reader_account(settings, "reader 1", "reader-1@scintiloop.local", password)
    assert visitor.post("/login", email="reader-1@scintiloop.local", password="another").status_code == 401
    assert visitor.post("/login", email="reader-1@scintiloop.local", password="the first").status_code == 302


def test_readers_who_came_before_do_not_keep_the_first_accounts_from_being_made(
    settings: Settings, add_reader: Any
) -> None:
    add_reader("reader 1", 1)
    accounts.create_reader_account(settings, "reader 1", "reader-1@scintiloop.local", "the first")
    assert [one["role"] for one in accounts.create_first_accounts(settings)] == list(accounts.STAFF)
