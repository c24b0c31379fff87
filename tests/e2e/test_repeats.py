"""Worklists in the real Label Studio: a hidden repeat that nobody can tell, and hand-over when a reader leaves."""

import pytest
from sqlalchemy import select

from backend.jobs.steps import publish, read, worklists
from backend.jobs.steps.ingest import ingest
from backend.jobs.steps.simulate import write_phantom
from backend.labelstudio.layout import STUDY_KEY, label_control
from backend.labelstudio.readers import set_up_readers
from backend.phantom.preset import BENCHMARK
from backend.store.readings import counting
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Reading, Study
from converters.label_studio import to_results

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]

FIRST, SECOND = "reader 1", "reader 2"
STUDIES = 3
MOVES = {"id", "inner_id", "created_at", "updated_at", "updated_by", "data", "unique_lock_id", "state"}
"""What differs between any two tasks."""


@pytest.fixture(scope="module")
def room(room_settings, reading_room, tmp_path_factory):
    """The home of the reading room with three studies on both worklists; all blind, and all to be repeated at once."""
    chosen = room_settings.model_copy(update={"exposure": "none", "repeat_share": 0.999, "repeat_days": 0.0})
    scans = tmp_path_factory.mktemp("scans") / "scans"
    write_phantom(scans, BENCHMARK.name, STUDIES, 5, readers=0)
    assert ingest(chosen, [], scans / "studies.csv")["errors"] == []
    set_up_readers(chosen, [FIRST, SECOND])
    publish.publish(chosen)
    return chosen


def tasks_of(settings, name, purpose):
    """Token as shown → task, of one reader."""
    chosen = select(Assignment).join(Reader).where(Reader.name == name, Assignment.purpose == purpose)
    with open_session(settings) as session:
        rows = session.scalars(chosen.where(Assignment.released.is_(None))).all()
        return {row.token or row.study.token: row.label_studio_task for row in rows}


def draw(project, task, box):
    drawn = to_results([box], from_name=label_control("anterior"), to_name="anterior", rows=1024, columns=256)
    project.submit(task, drawn, seconds=7)


@pytest.fixture(scope="module")
def repeated(room, reading_room, box):
    """The first reader has read all studies but one, and one has come again; the tasks of the repeats by alias."""
    *read_now, _ = tasks_of(room, FIRST, "reading").values()
    for task in read_now:
        draw(reading_room[FIRST], task, box(300, 120, 12, 9))
    read.reconcile(room)
    publish.publish(room)
    return tasks_of(room, FIRST, "repeat")


def test_tasks_carry_their_exposure_for_the_guard(room, reading_room):
    project = reading_room[SECOND]
    [task, *_] = tasks_of(room, SECOND, "reading").values()
    assert project.service.tasks.get(id=str(task)).meta == {"exposure": "blind"}
    for exposure in ("assisted", "blind"):
        project.mark({task: exposure})
        assert project.service.tasks.get(id=str(task)).meta == {"exposure": exposure}


def test_a_repeat_comes_under_a_name_of_its_own_and_differs_in_nothing_else(room, reading_room, repeated, session_of):
    project = reading_room[FIRST]
    before, _, _ = tasks_of(room, SECOND, "reading")
    assert len(repeated) == 1
    with open_session(room) as session:
        assert repeated.keys().isdisjoint(session.scalars(select(Study.token)))
    ordinary = reading_room[SECOND].as_the_reader_sees(tasks_of(room, SECOND, "reading")[before])
    logged_in = session_of(project)
    for alias, task in repeated.items():
        seen = project.as_the_reader_sees(task)
        assert seen["data"][STUDY_KEY] == alias
        assert len(alias) == len(before)
        assert seen["data"].keys() == ordinary["data"].keys()
        texts = [value.replace(alias, before) for value in seen["data"].values()]
        assert texts == [
            value.replace(reading_room[SECOND].folder, project.folder) for value in ordinary["data"].values()
        ]
        same = ordinary.keys() - MOVES - {"project"}
        assert {key: seen[key] for key in same} == {key: ordinary[key] for key in same}
        for key, value in seen["data"].items():
            assert key == STUDY_KEY or logged_in.get(value).status_code == 200


def test_what_is_drawn_on_a_repeat_is_kept_for_comparison_alone(room, reading_room, repeated, box):
    with open_session(room) as session:
        before = {row.id for row in session.scalars(counting())}
    [(alias, task), *_] = repeated.items()
    draw(reading_room[FIRST], task, box(310, 120, 12, 9))
    read.reconcile(room)
    read.reconcile(room)
    with open_session(room) as session:
        assert {row.id for row in session.scalars(counting())} == before
        again = session.scalars(select(Reading).where(Reading.repeat)).all()
        study = session.scalars(select(Assignment).where(Assignment.token == alias)).one().study
        assert {row.image.study_id for row in again} == {study.id}
        assert [(row.exposure, row.shown_model, row.superseded_by) for row in again] == [("blind", None, None)] * 2
        first = session.scalars(counting().where(Reading.image_id == again[0].image_id, Reader.name == FIRST)).one()
        assert first.id != again[0].id
    # the next one comes when this one is read
    assert publish.publish(room)["readers"][0]["tasks"] == 1


def test_what_a_leaver_has_not_begun_leaves_label_studio_and_comes_back_with_the_reader(room, reading_room, session_of):
    project = reading_room[SECOND]
    mine = tasks_of(room, SECOND, "reading")
    begun = next(iter(mine.values()))
    draft = {"result": [], "lead_time": 1}
    assert session_of(project).post(f"/api/tasks/{begun}/drafts", json=draft).status_code == 201
    done = worklists.leave(room, SECOND, "test")
    assert done == {"reader": SECOND, "released": STUDIES - 1, "begun": 1, "assigned": 0}
    assert set(project.tasks().values()) & set(mine.values()) == {begun}
    assert [one["reader"] for one in publish.publish(room)["readers"]] == [FIRST]
    assert worklists.come_back(room, SECOND, "test")["assigned"] == STUDIES - 1
    publish.publish(room)
    assert project.tasks().keys() >= mine.keys()
    assert tasks_of(room, SECOND, "reading").keys() == mine.keys()
