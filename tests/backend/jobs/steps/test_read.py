"""What a look into Label Studio finds gone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.jobs.steps import publish, read
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reading, Withdrawal, now


@dataclass(frozen=True)
class Listed:
    """A project as one listing shows it."""

    id: int
    there: dict[str, int]

    def tasks(self) -> dict[str, int]:
        return self.there


@pytest.fixture
def one_of_two_read(
    settings: Settings,
    add_reader: Callable[..., int],
    add_study: Callable[..., dict[str, int]],
    add_reading: Callable[..., int],
) -> Settings:
    """Task 100 was read in Label Studio, task 101 was not."""
    reader = add_reader("first", 1, user=5, project=7)
    images = [add_study(token)["anterior"] for token in ("s1", "s2")]
    publish.assign_all(settings)
    reading = add_reading(reader, images[0])
    with open_session(settings) as session:
        session.get_one(Reading, reading).origin = "label-studio|100:1|2026-01-01T00:00:00+00:00"
        for assignment in session.scalars(select(Assignment)):
            assignment.label_studio_task = {"s1": 100, "s2": 101}[assignment.study.token]
    return settings


@pytest.mark.parametrize(
    ("there", "listed", "emptied"),
    [
        ({"s1": 100, "s2": 101}, [], [100]),
        ({"s1": 100, "s2": 101}, [100], []),
        ({"s1": 500, "s2": 501}, [], []),
    ],
    ids=["the last annotation was deleted", "it is still annotated", "the project was made anew"],
)
def test_a_task_that_was_read_and_holds_nothing_any_more_is_emptied(
    one_of_two_read: Settings, there: dict[str, int], listed: list[int], emptied: list[int]
) -> None:
    later = now() + timedelta(seconds=1)
    found = read._emptied(one_of_two_read, Listed(7, there), [{"id": task} for task in listed], later)  # type: ignore[arg-type]
    assert [task["id"] for task in found] == emptied


def test_a_withdrawal_that_came_too_late_is_not_looked_for_again(one_of_two_read: Settings) -> None:
    with open_session(one_of_two_read) as session:
        session.add(Withdrawal(reader_id=1, annotation=1, at=now()))
    later = now() + timedelta(seconds=1)
    found = read._emptied(one_of_two_read, Listed(7, {"s1": 100, "s2": 101}), [], later)  # type: ignore[arg-type]
    assert found == []


def test_the_first_two_readers_make_themselves_known_and_a_third_is_named_in_the_settings(settings: Settings) -> None:
    chosen = settings.model_copy(update={"readers": ("anna", "carl")})
    for name in ("anna", "bert", "berd", "carl"):
        read._make_known(chosen, name)
    with open_session(settings) as session:
        assert set(session.scalars(select(read.Reader.name))) == {"anna", "bert", "carl"}
