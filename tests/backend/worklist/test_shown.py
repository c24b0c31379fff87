"""What was put before a reader, noted outline by outline."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.regions_document import decode
from backend.store.session import open_session
from backend.store.tables import Assignment, ShownOutlines, Study, now
from backend.worklist.assign import assign
from backend.worklist.shown import record_shown
from converters.regions import Region

Box = Callable[..., Region]


@pytest.fixture
def image(settings: Settings, add_study: Any, add_reader: Any, policy: Any) -> int:
    """The anterior image of `s0`: assignment 1, of anna, is assisted, assignment 2, of bela, blind."""
    images = add_study("s0")
    add_reader("anna", 1)
    add_reader("bela", 2)
    assign(settings, policy)
    return int(images["anterior"])


def rows(settings: Settings) -> list[tuple[int, int, str, int]]:
    """Assignment, image, model and number of outlines, newest last."""
    with open_session(settings) as session:
        return [
            (row.assignment_id, row.image_id, row.model, len(decode(blobs_of(settings).get(row.regions_sha256))))
            for row in session.scalars(select(ShownOutlines).order_by(ShownOutlines.id))
        ]


def shown_models(settings: Settings) -> list[str | None]:
    with open_session(settings) as session:
        return list(session.scalars(select(Assignment.shown_model).order_by(Assignment.id)))


def test_nothing_is_ever_noted_as_shown_on_a_blind_case(settings: Settings, image: int, box: Box) -> None:
    outlines = {image: [box(10, 10, 5, 5)]}
    assert record_shown(settings, {1: outlines, 2: outlines}, "m1") == {1}
    assert shown_models(settings) == ["m1", None]
    assert rows(settings) == [(1, image, "m1", 1)]


@pytest.mark.parametrize("why", ["handed over", "sequestered", "control arm", "repeat"])
def test_what_may_not_be_shown_is_not_noted(settings: Settings, image: int, box: Box, why: str) -> None:
    with open_session(settings) as session:
        study, assignment = session.scalars(select(Study)).one(), session.get_one(Assignment, 1)
        if why == "handed over":
            assignment.released = now()
        elif why == "repeat":
            assignment.purpose = "repeat"
        study.control = why == "control arm"
        study.patient.sequestered = why == "sequestered"
    assert record_shown(settings, {1: {image: [box(10, 10, 5, 5)]}}, "m1") == set()
    assert (shown_models(settings), rows(settings)) == ([None, None], [])


def test_the_same_again_changes_nothing_and_the_newest_row_is_what_is_shown_now(
    settings: Settings, image: int, box: Box
) -> None:
    one, two = {image: [box(10, 10, 5, 5)]}, {image: [box(10, 10, 5, 5), box(40, 10, 5, 5)]}
    for outlines, model in ((one, "m1"), (one, "m1"), (two, "m2")):
        record_shown(settings, {1: outlines}, model)
    assert rows(settings) == [(1, image, "m1", 1), (1, image, "m2", 2)]
    record_shown(settings, {1: one}, "m1")
    assert rows(settings) == [(1, image, "m2", 2), (1, image, "m1", 1)]
    assert shown_models(settings)[0] == "m1"


def test_images_noted_one_by_one_are_all_kept(settings: Settings, image: int, box: Box) -> None:
    for one in (image, image + 1):
        record_shown(settings, {1: {one: []}}, "m1")
    assert rows(settings) == [(1, image, "m1", 0), (1, image + 1, "m1", 0)]
