"""What happens to a worklist when a reader leaves, with Label Studio there or away."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.errors import ServiceError, WrongState
from backend.jobs.steps import publish, worklists
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader


@pytest.fixture
def three_tasks(away: Settings, add_reader: Callable[..., int], add_study: Any) -> Settings:
    """Tasks 100, 101 and 102 lie before the first reader in Label Studio; the second draws in Labelme."""
    add_reader("second", 2)
    for token in ("s0", "s1", "s2"):
        add_study(token)
    publish.assign_all(away)
    with open_session(away) as session:
        for row in session.scalars(select(Assignment).where(Assignment.reader_id == 1)):
            row.label_studio_task = 100 + int(row.study.token[1])
    return away


def tasks(settings: Settings) -> dict[int | None, bool]:
    """Task of the first reader → whether it was taken back."""
    with open_session(settings) as session:
        rows = session.scalars(select(Assignment).where(Assignment.reader_id == 1)).all()
        return {row.label_studio_task: row.released is not None for row in rows}


def test_where_label_studio_does_not_say_what_was_begun_nobody_leaves(three_tasks: Settings) -> None:
    with pytest.raises(ServiceError):
        worklists.leave(three_tasks, "first", "test")
    with open_session(three_tasks) as session:
        assert session.scalars(select(Reader.left)).all() == [None, None]
    assert tasks(three_tasks) == {100: False, 101: False, 102: False}


def test_a_reader_of_labelme_leaves_without_label_studio(three_tasks: Settings) -> None:
    done = worklists.leave(three_tasks, "second", "test")
    assert done == {"reader": "second", "released": 3, "begun": 0, "assigned": 0}
    with pytest.raises(WrongState):
        worklists.leave(three_tasks, "second", "test")


def test_tasks_not_begun_are_deleted_there_and_no_others(three_tasks: Settings, project: Any) -> None:
    project.there, project.begun_ones = {"s0": 100, "s1": 101, "s2": 102, "of nobody": 7}, {101}
    assert worklists.leave(three_tasks, "first", "test")["begun"] == 1
    assert project.deleted == [100, 102]
    with open_session(three_tasks) as session:
        left = session.scalars(select(Assignment.label_studio_task).where(Assignment.reader_id == 1)).all()
    assert sorted(left, key=str) == [101, None, None]


def test_what_label_studio_did_not_give_back_goes_at_the_next_publishing(
    three_tasks: Settings, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.there = {"s0": 100, "s1": 101, "s2": 102}
    monkeypatch.setattr(type(project), "delete_tasks", _fails, raising=True)
    worklists.leave(three_tasks, "first", "test")
    assert tasks(three_tasks) == {100: True, 101: True, 102: True}
    monkeypatch.undo()
    monkeypatch.setattr(publish, "open_project", lambda _settings, _name: project)
    assert publish.publish(three_tasks) == {"readers": []}
    assert project.deleted == [100, 101, 102]
    assert publish.publish(three_tasks) == {"readers": []}
    assert project.deleted == [100, 101, 102]


def _fails(_project: Any, _task_ids: Any) -> None:
    raise ServiceError("Label Studio is away")


def test_without_a_broker_everything_is_done_but_the_announcement(three_tasks: Settings) -> None:
    assert worklists.add(three_tasks, "third", "test", expert=True)["assigned"] == 0
    assert worklists.request_third(three_tasks, "s1", "test") == {"study": "s1", "reader": "third"}
    worklists.leave(three_tasks, "second", "test")
    # the others are with the third reader now, who was not free for the study read third
    assert worklists.come_back(three_tasks, "second", "test") == {"reader": "second", "assigned": 1}
