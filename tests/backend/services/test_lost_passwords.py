"""Who gets a new password where; that it opens Label Studio is shown with a real one, beside the other rooms' tests."""

import json
from typing import Any

import pytest

from backend.errors import NotFound, ServiceError, WrongState
from backend.labelstudio.accounts import accounts_file
from backend.services import lost_passwords
from backend.settings import Settings
from backend.store import account_changes as changes
from backend.store.accounts import create_first_accounts, create_reader_account, verify

READER = "reader-1@scintiloop.local"
KEPT = {"number": 1, "organisation": 1, "user": 2, "reader_token": "", "service_token": ""}
FIRST, SECOND = "the reader's first", "from Label Studio"


@pytest.fixture
def room(settings: Settings, add_reader: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A reader with a page and a log-in to a Label Studio that does what it is asked."""
    add_reader("reader 1", 1)
    create_first_accounts(settings)
    create_reader_account(settings, "reader 1", READER, FIRST)
    path = accounts_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"reader 1": KEPT | {"email": READER, "password": FIRST}}), encoding="utf-8")
    monkeypatch.setattr(lost_passwords, "reset_reader", lambda *_: SECOND)
    return settings


def _reset(settings: Settings, email: str) -> dict[str, Any]:
    return lost_passwords.reset(settings, email, by="administrator")


def test_a_reader_gets_one_password_for_both_places(room: Settings) -> None:
    assert _reset(room, f" {READER.upper()}") == {
        "where": "web",
        "email": READER,
        "password": SECOND,
        "places": ["web", "label_studio"],
        "hint": None,
    }
    assert verify(room, READER, SECOND)


def test_a_reader_without_a_page_gets_label_studios_alone(room: Settings) -> None:
    other = "reader-2@scintiloop.local"
    known = json.loads(accounts_file(room).read_text())
    known["reader 2"] = known["reader 1"] | {"email": other}
    accounts_file(room).write_text(json.dumps(known))
    assert _reset(room, other)["places"] == ["label_studio"]


def test_staff_get_the_pages_alone(room: Settings) -> None:
    given = _reset(room, "physician@scintiloop.local")
    assert (given["places"], given["hint"]) == (["web"], None)
    assert given["password"] != SECOND


def test_where_label_studio_is_elsewhere_a_reader_is_told_how_and_staff_are_not(room: Settings) -> None:
    elsewhere = room.model_copy(update={"label_studio_url": "http://label-studio:8472"})
    given = _reset(elsewhere, READER)
    assert given["places"] == ["web"]
    assert given["hint"].endswith(f"label_studio_accounts.json {READER}")
    assert _reset(elsewhere, "physician@scintiloop.local")["hint"] is None


@pytest.mark.parametrize("email", ["nobody@x.example", "service-1@scintiloop.local", "reader 1", ""])
def test_an_address_that_nobody_has_is_refused(room: Settings, email: str) -> None:
    with pytest.raises(NotFound, match="has no account"):
        _reset(room, email)


def test_a_closed_account_is_refused_before_label_studio_is_asked(
    room: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(lost_passwords, "reset_reader", lambda _, email: asked.append(email))
    changes.close_account(room, changes.account_id_of(room, READER), by="administrator")
    with pytest.raises(WrongState, match="closed; open it first"):
        _reset(room, READER)
    assert asked == []


def test_where_label_studio_fails_the_old_password_still_opens_the_page(
    room: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise ServiceError("Label Studio's accounts could not be made or changed: the disk is full")

    monkeypatch.setattr(lost_passwords, "reset_reader", fail)
    with pytest.raises(ServiceError, match="disk is full"):
        _reset(room, READER)
    assert verify(room, READER, FIRST)
