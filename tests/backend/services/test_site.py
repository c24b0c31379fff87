"""The readers' accounts on both sides: one log-in in Label Studio, one for their own page here."""

import json
from typing import Any

import pytest

from backend.labelstudio.accounts import ReaderAccount, accounts, accounts_file
from backend.services import site
from backend.settings import Settings
from backend.store import account_changes as changes
from backend.store.accounts import verify

READER = {
    "number": 1,
    "organisation": 1,
    "email": "reader-1@scintiloop.local",
    "password": "the reader's first",
    "user": 2,
    "reader_token": "",
    "service_token": "",
}


@pytest.fixture
def reader(settings: Settings, add_reader: Any) -> ReaderAccount:
    add_reader("reader 1", 1)
    path = accounts_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"reader 1": READER}), encoding="utf-8")
    return accounts(settings)["reader 1"]


@pytest.fixture
def listed(settings: Settings, monkeypatch: Any) -> Any:
    """What `scintiloop accounts` lists; whose password stands in Label Studio is another test's matter."""
    monkeypatch.setattr(site, "standing_readers", lambda _: list(accounts(settings).values()))
    return lambda: [(one["where"], one["role"], one["password"]) for one in site.standing_accounts(settings)]


def test_a_readers_page_opens_with_the_first_words_of_label_studio_and_is_listed(
    settings: Settings, reader: ReaderAccount, listed: Any
) -> None:
    site.make_reader_accounts(settings, [reader])
    assert verify(settings, reader.email, reader.password)
    assert listed() == [("label_studio", "reader", reader.password), ("web", "reader", reader.password)]


def test_once_the_page_has_another_password_only_label_studios_is_listed(
    settings: Settings, reader: ReaderAccount, listed: Any
) -> None:
    site.make_reader_accounts(settings, [reader])
    changes.reset_password(settings, changes.account_id_of(settings, reader.email), by="administrator")
    site.make_reader_accounts(settings, [reader])
    assert listed() == [("label_studio", "reader", reader.password)]
