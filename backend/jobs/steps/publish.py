"""Worklists: every study reaches every reader, pre-annotated where the exposure allows it."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from sqlalchemy import select

from backend.jobs.steps.predict_stored import champion_predictor, predict_image
from backend.labelstudio.project import ReaderProject, open_project
from backend.preannotation.policy import exposure
from backend.preannotation.suggest import prediction_dict
from backend.records import Prediction, Projection
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.readings import read_images
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader
from backend.worklist.assign import assign, record_shown, worklist
from backend.worklist.task import study_task, write_files

Advance = Callable[[int, int], None]
"""Called with (studies done, of all)."""

TASKS_AT_ONCE = 50


def assign_all(settings: Settings) -> int:
    """Puts every study on every reader's worklist with its exposure; returns how many assignments are new."""

    def policy(number: int, token: str, sequestered: bool) -> Any:
        return exposure(settings.exposure, number, token, sequestered, settings.seed)

    return assign(settings, policy)


def publish(settings: Settings, advance: Advance = lambda _done, _all: None) -> dict[str, Any]:
    """Brings every study into every reader's project in Label Studio and pre-annotates what may be.

    Safe to repeat: a task that is there already is adopted, not made twice.

    Returns:
        `{"readers": [{"reader", "tasks", "pre_annotated", "model"}]}`, counts of what is new.

    Raises:
        ServiceError: Label Studio does not do its part.
    """
    assign_all(settings)
    return {"readers": [_publish_reader(settings, name, advance) for name in label_studio_readers(settings)]}


def reannotate(settings: Settings, advance: Advance = lambda _done, _all: None) -> dict[str, Any]:
    """Gives every assisted task that its reader has not begun the champion's outlines instead of older ones.

    Returns:
        `{"readers": [{"reader", "pre_annotated", "model"}]}`.

    Raises:
        ServiceError: Label Studio does not do its part.
    """
    done = []
    for name in label_studio_readers(settings):
        project = open_project(settings, name)
        begun = project.begun()
        waiting = [one for one in _assisted(settings, name) if one.label_studio_task not in begun]
        done.append({"reader": name} | _suggest(settings, project, waiting, partial(advance), replace=True))
    return {"readers": done}


def label_studio_readers(settings: Settings) -> list[str]:
    """Names of the readers who have a project in Label Studio, by number."""
    with open_session(settings) as session:
        known = select(Reader.name).where(Reader.label_studio_project.is_not(None)).order_by(Reader.number)
        return list(session.scalars(known))


def _publish_reader(settings: Settings, name: str, advance: Advance) -> dict[str, Any]:
    project = open_project(settings, name)
    new = _without_task(settings, name)
    there = project.tasks() if new else {}
    for start in range(0, len(new), TASKS_AT_ONCE):
        part = new[start : start + TASKS_AT_ONCE]
        _make_tasks(settings, project, part, there)
    assisted = [one for one in _assisted(settings, name) if one.shown_model is None]
    return {"reader": name, "tasks": len(new)} | _suggest(settings, project, assisted, advance, replace=False)


def _make_tasks(
    settings: Settings, project: ReaderProject, assignments: Collection[Assignment], there: dict[str, int]
) -> None:
    missing = []
    for assignment in assignments:
        task = study_task(assignment.study, project.folder)
        write_files(blobs_of(settings), task.files.items(), project.directory)
        if assignment.study.token not in there:
            missing.append((assignment.study.token, task.data))
    there.update(zip((token for token, _ in missing), project.import_tasks([data for _, data in missing]), strict=True))
    with open_session(settings) as session:
        for assignment in assignments:
            row = session.get_one(Assignment, assignment.id)
            row.label_studio_task = there[assignment.study.token]


def _suggest(
    settings: Settings, project: ReaderProject, waiting: list[Assignment], advance: Advance, *, replace: bool
) -> dict[str, Any]:
    """Pushes the champion's outlines; which model was shown is noted before the outlines can be seen."""
    predictor = champion_predictor(settings)
    if predictor is None:
        return {"pre_annotated": 0, "model": None}
    wanted = [one for one in waiting if one.shown_model != predictor.version]
    for start in range(0, len(wanted), TASKS_AT_ONCE):
        part = wanted[start : start + TASKS_AT_ONCE]
        suggestions = []
        for number, assignment in enumerate(part, start=start + 1):
            found = _predict_study(settings, assignment, predictor)
            suggestions.append({"task": assignment.label_studio_task} | prediction_dict(found, predictor.version))
            advance(number, len(wanted))
        with open_session(settings) as session:
            record_shown(session, [one.id for one in part], predictor.version)
        if replace:
            project.delete_predictions([one.label_studio_task for one in part if one.label_studio_task])
        project.import_predictions(suggestions)
    return {"pre_annotated": len(wanted), "model": predictor.version}


def _predict_study(settings: Settings, assignment: Assignment, predictor: Any) -> dict[Projection, Prediction]:
    found: dict[Projection, Prediction] = {}
    for image in assignment.study.images:
        projection: Projection = "anterior" if image.projection == "anterior" else "posterior"
        prediction = predict_image(settings, image.id, predictor)
        if prediction is not None:
            found[projection] = prediction
    return found


def _without_task(settings: Settings, name: str) -> list[Assignment]:
    return [one for one in _worklist(settings, name) if one.label_studio_task is None]


def _assisted(settings: Settings, name: str) -> list[Assignment]:
    """The reader's assisted assignments in Label Studio with no reading yet."""
    chosen = _worklist(settings, name)
    with open_session(settings) as session:
        reader = session.scalars(select(Reader).where(Reader.name == name)).one()
        read = read_images(session, reader.id, [image.id for one in chosen for image in one.study.images])
    return [
        one
        for one in chosen
        if one.exposure == "assisted"
        and one.label_studio_task is not None
        and not any(image.id in read for image in one.study.images)
    ]


def _worklist(settings: Settings, name: str) -> list[Assignment]:
    with open_session(settings) as session:
        reader = session.scalars(select(Reader).where(Reader.name == name)).one()
        return worklist(session, reader, settings.seed)
