"""Policies that a test can read off, and worklists as a table."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from backend.records import Exposure
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader

Worklists = dict[str, dict[str, str]]
"""Study → reader → exposure, of everything that stands; a repeat is called `repeat of <study>`."""


@dataclass(frozen=True)
class PlainPolicy:
    """The first reader of a study is assisted, the second blind; the named studies are the control arm."""

    control: frozenset[str] = frozenset()

    def pair(self, study_token: str, *, blind: bool) -> tuple[Exposure, Exposure]:
        return ("blind", "blind") if blind else ("assisted", "blind")

    def in_control_arm(self, study_token: str) -> bool:
        return study_token in self.control


@pytest.fixture
def policy() -> PlainPolicy:
    return PlainPolicy()


@pytest.fixture
def worklists(settings: Settings) -> Callable[[], Worklists]:
    def table() -> Worklists:
        found: Worklists = {}
        with open_session(settings) as session:
            for row in session.query(Assignment).join(Reader).order_by(Reader.number):
                if row.released is None:
                    name = row.study.token if row.purpose != "repeat" else f"repeat of {row.study.token}"
                    found.setdefault(name, {})[row.reader.name] = row.exposure
        return found

    return table


@pytest.fixture
def change_reader(settings: Settings) -> Callable[..., None]:
    """`change_reader(name, expert=…, share=…)`."""

    def change(name: str, **values: object) -> None:
        with open_session(settings) as session:
            reader = session.query(Reader).filter_by(name=name).one()
            for key, value in values.items():
                setattr(reader, key, value)

    return change
