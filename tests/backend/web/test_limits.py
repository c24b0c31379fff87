"""Who guesses is slowed down; who is guessed at is not locked out."""

from typing import Any

import pytest

from backend.web import limits
from backend.web.limits import OF_ONE_ACCOUNT, OF_ONE_ADDRESS, OF_ONE_PAIR, WINDOW_SECONDS, WrongPasswords


@pytest.fixture
def wrong() -> WrongPasswords:
    return WrongPasswords()


def test_one_address_waits_for_the_account_it_guessed_at_and_for_no_other(wrong: WrongPasswords) -> None:
    for _ in range(OF_ONE_PAIR):
        assert not wrong.too_many("a@x", "10.0.0.1")
        wrong.add("a@x", "10.0.0.1")
    assert wrong.too_many("a@x", "10.0.0.1")
    assert not wrong.too_many("b@x", "10.0.0.1")
    assert not wrong.too_many("a@x", "10.0.0.2"), "the owner, elsewhere, gets in"


def test_one_address_that_guesses_at_many_accounts_waits_for_all(wrong: WrongPasswords) -> None:
    for number in range(OF_ONE_ADDRESS):
        wrong.add(f"{number}@x", "10.0.0.1")
    assert wrong.too_many("new@x", "10.0.0.1")


def test_guessing_from_many_addresses_does_not_lock_out_an_address_that_got_in_before(wrong: WrongPasswords) -> None:
    wrong.got_in("a@x", "10.0.0.1")
    for number in range(OF_ONE_ACCOUNT):
        wrong.add("a@x", f"10.1.{number}.1")
    assert wrong.too_many("a@x", "10.0.0.2")
    assert not wrong.too_many("a@x", "10.0.0.1")


def test_whoever_has_one_address_of_a_network_has_them_all(wrong: WrongPasswords) -> None:
    for number in range(OF_ONE_PAIR):
        wrong.add("a@x", f"2001:db8::{number}")
    assert wrong.too_many("a@x", "2001:db8::ffff")
    assert not wrong.too_many("a@x", "2001:db8:1::1")


def test_the_right_password_and_the_time_make_up_for_wrong_ones(wrong: WrongPasswords, monkeypatch: Any) -> None:
    for _ in range(OF_ONE_PAIR - 1):
        wrong.add("a@x", "10.0.0.1")
    wrong.got_in("a@x", "10.0.0.1")
    for _ in range(OF_ONE_PAIR):
        wrong.add("a@x", "10.0.0.1")
    assert wrong.too_many("a@x", "10.0.0.1")
    later = limits.time.monotonic() + WINDOW_SECONDS + 1
    monkeypatch.setattr(limits.time, "monotonic", lambda: later)
    assert not wrong.too_many("a@x", "10.0.0.1")


def test_many_made_up_accounts_do_not_fill_the_memory(wrong: WrongPasswords, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 30)
    start = limits.time.monotonic()
    for number in range(100):
        monkeypatch.setattr(limits.time, "monotonic", lambda now=start + number * WINDOW_SECONDS: now)
        wrong.add(f"{number}@x" * 1000, "10.0.0.1")
    assert len(wrong._times) < 40
