"""Studies in dispute and physicians with accounts."""

from collections.abc import Callable

import pytest

from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Account


@pytest.fixture
def two(add_reader: Callable[..., int]) -> tuple[int, int]:
    return add_reader("reader 1", 1), add_reader("reader 2", 2)


@pytest.fixture
def add_physician(settings: Settings) -> Callable[[str], int]:
    """`add_physician(email)` makes an account; returns its id."""

    def add(email: str) -> int:
        with open_session(settings) as session:
            account = Account(email=email, role="physician", password_hash=None)
            session.add(account)
            session.flush()
            return account.id

    return add


@pytest.fixture
def physician(add_physician: Callable[[str], int]) -> int:
    return add_physician("physician@example.org")


@pytest.fixture
def colleague(add_physician: Callable[[str], int]) -> int:
    return add_physician("colleague@example.org")
