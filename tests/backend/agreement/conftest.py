"""Two readers, and what is kept of their readings."""

import pytest
from sqlalchemy import select

from backend.store.session import open_session
from backend.store.tables import Comparison


@pytest.fixture
def two(add_reader):
    return add_reader("reader 1", 1), add_reader("reader 2", 2)


@pytest.fixture
def kept(settings):
    def rows(table=Comparison):
        with open_session(settings) as session:
            return list(session.scalars(select(table).order_by(table.id)))

    return rows
