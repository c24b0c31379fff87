"""When publishing asks Label Studio for something, and when the database alone."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from backend.errors import ServiceError
from backend.jobs.steps import publish
from backend.settings import Settings
from backend.store.lock import one_at_a_time
from backend.store.session import open_session
from backend.store.tables import Assignment

AddStudy = Callable[..., dict[str, int]]


def give_tasks(settings: Settings) -> None:
    with open_session(settings) as session:
        for number, assignment in enumerate(session.scalars(select(Assignment)), start=100):
            assignment.label_studio_task = number


def test_a_new_study_asks_label_studio_for_a_task(away: Settings, add_study: AddStudy) -> None:
    add_study("s1")
    with pytest.raises(ServiceError):
        publish.publish(away)


def test_where_nothing_is_new_label_studio_is_not_asked(away: Settings, add_study: AddStudy) -> None:
    add_study("s1")
    publish.assign_all(away)
    give_tasks(away)
    nothing = {"reader": "first", "tasks": 0, "pre_annotated": 0, "model": None}
    assert publish.publish(away) == {"readers": [nothing]}
    add_study("s2")
    with pytest.raises(ServiceError):
        publish.publish(away)


def test_what_another_process_is_publishing_is_left_to_it(away: Settings, add_study: AddStudy) -> None:
    add_study("s1")
    with one_at_a_time(away, "publish", wait=True):
        assert publish.publish(away, wait=False) == {"readers": []}


def test_a_reader_of_labelme_alone_is_assigned_and_not_published_to(
    settings: Settings, add_reader: Callable[..., int], add_study: AddStudy
) -> None:
    add_reader("desktop", 1)
    add_study("s1")
    assert publish.publish(settings) == {"readers": []}
    with open_session(settings) as session:
        assert len(session.scalars(select(Assignment)).all()) == 1


def test_what_stands_is_counted_for_the_studies_asked_for(away: Settings, add_study: AddStudy) -> None:
    for token in ("s1", "s2", "s3"):
        add_study(token)
    publish.assign_all(away)
    give_tasks(away)
    with open_session(away) as session:
        shown = session.scalars(select(Assignment).where(Assignment.study.has(token="s2"))).one()
        shown.shown_model = "scintiloop-1"
    one = {"reader": "first", "tasks": 2, "pre_annotated": 1, "model": "scintiloop-1"}
    assert publish.standing(away, {"s1", "s2"}) == {"readers": [one]}
    assert publish.standing(away, {"s3"}) == {"readers": [one | {"tasks": 1, "pre_annotated": 0, "model": None}]}
