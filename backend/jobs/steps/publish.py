"""Worklists: every study reaches two readers, pre-annotated where the exposure allows it."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, or_, select

from backend.jobs.steps.predict_stored import NO_CHAMPION, champion_predictor, champion_version, predict_image
from backend.labelstudio.project import ReaderProject, open_project
from backend.preannotation.policy import ExposurePolicy
from backend.preannotation.suggest import prediction_dict, suggested
from backend.records import Exposure, Prediction, Projection
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.lock import one_at_a_time
from backend.store.readings import read_images
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader
from backend.worklist.assign import assign
from backend.worklist.order import exposure_of, shown_token, worklist
from backend.worklist.repeats import put_in_repeats
from backend.worklist.shown import Shown, record_shown
from backend.worklist.task import study_task, write_files

if TYPE_CHECKING:
    from backend.model.inference import Predictor

Advance = Callable[[int, int], None]
"""Called with (studies done, of all)."""

TASKS_AT_ONCE = 50


def assign_all(settings: Settings) -> int:
    """Puts every study before two readers, each with an exposure, and the hidden repeats that are due before theirs;
    returns how many assignments are new."""
    policy = ExposurePolicy(settings.exposure, settings.control_share, settings.seed)
    return assign(settings, policy) + put_in_repeats(settings)


def publish(
    settings: Settings, advance: Advance = lambda _done, _all: None, *, wait: bool = True
) -> dict[str, list[dict[str, Any]]]:
    """Brings every reader's project in Label Studio up to date: a task for every study of the reader's, the champion's
    outlines wherever the reader may see them and has not begun, and no task of what was handed to others.

    Safe to repeat: a task that is there already is adopted, not made twice. Where nothing is new it asks the database
    alone, unless a reader has begun tasks that show an earlier model's outlines.

    Args:
        wait: for another process that is publishing; otherwise that is left to it.

    Returns:
        `{"readers": [{"reader", "tasks", "pre_annotated", "model"}]}`, counts of what is new.

    Raises:
        ServiceError: Label Studio does not do its part.
    """
    with one_at_a_time(settings, "publish", wait=wait) as mine:
        if not mine:
            return {"readers": []}
        assign_all(settings)
        for name in label_studio_readers(settings):
            take_tasks_back(settings, name)
        active = label_studio_readers(settings, Reader.left.is_(None))
        return {"readers": [_publish_reader(settings, name, advance) for name in active]}


def take_tasks_back(settings: Settings, name: str) -> int:
    """Removes the reader's tasks that were handed to others from Label Studio, but for one begun since; returns how
    many there were.

    Raises:
        ServiceError: Label Studio does not do its part; the next attempt does the rest.
    """
    chosen = (
        select(Assignment)
        .join(Assignment.reader)
        .where(Reader.name == name, Assignment.released.is_not(None), Assignment.label_studio_task.is_not(None))
    )
    with open_session(settings) as session:
        tasks = {one.id: one.label_studio_task for one in session.scalars(chosen) if one.label_studio_task}
    if not tasks:
        return 0
    project = open_project(settings, name)
    project.delete_tasks(sorted(set(tasks.values()) & set(project.tasks().values()) - project.begun()))
    with open_session(settings) as session:
        for assignment_id in tasks:
            session.get_one(Assignment, assignment_id).label_studio_task = None
    return len(tasks)


def standing(settings: Settings, tokens: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The same counts of what stands now, whoever published it, for these studies alone."""
    readers = []
    for name in label_studio_readers(settings):
        chosen = [one for one in _worklist(settings, name, Assignment.token.is_(None)) if one.study.token in tokens]
        shown = [one.shown_model for one in chosen if one.shown_model]
        tasks = sum(one.label_studio_task is not None for one in chosen)
        model = shown[0] if shown else None
        readers.append({"reader": name, "tasks": tasks, "pre_annotated": len(shown), "model": model})
    return {"readers": readers}


def label_studio_readers(settings: Settings, *conditions: ColumnElement[bool]) -> list[str]:
    """Names of the readers (who meet the conditions) with a project in Label Studio, by number."""
    with open_session(settings) as session:
        known = select(Reader.name).where(Reader.label_studio_project.is_not(None), *conditions)
        return list(session.scalars(known.order_by(Reader.number)))


def _publish_reader(settings: Settings, name: str, advance: Advance) -> dict[str, Any]:
    project = open_project(settings, name)
    new = _worklist(settings, name, Assignment.label_studio_task.is_(None))
    there = project.tasks() if new else {}
    for start in range(0, len(new), TASKS_AT_ONCE):
        _make_tasks(settings, project, new[start : start + TASKS_AT_ONCE], there)
    return {"reader": name, "tasks": len(new)} | _suggest(settings, project, name, advance)


def _make_tasks(
    settings: Settings, project: ReaderProject, assignments: Collection[Assignment], there: dict[str, int]
) -> None:
    missing: list[tuple[str, dict[str, str], Exposure]] = []
    adopted: dict[int, Exposure] = {}
    for assignment in assignments:
        token, exposure = shown_token(assignment), exposure_of(assignment)
        task = study_task(assignment.study, token, project.folder)
        write_files(blobs_of(settings), task.files.items(), project.directory)
        if token in there:
            adopted[there[token]] = exposure
        else:
            missing.append((token, task.data, exposure))
    made = project.import_tasks([data for _, data, _ in missing], [exposure for *_, exposure in missing])
    there.update(zip((token for token, *_ in missing), made, strict=True))
    project.mark(adopted)
    with open_session(settings) as session:
        for assignment in assignments:
            row = session.get_one(Assignment, assignment.id)
            row.label_studio_task = there[shown_token(assignment)]


def _suggest(settings: Settings, project: ReaderProject, name: str, advance: Advance) -> dict[str, Any]:
    """Pushes the champion's outlines; which model was shown is noted before its outlines can be seen, and after
    those of an earlier one are gone."""
    version = champion_version(settings)
    wanted = _awaiting(settings, project, name, version) if version != NO_CHAMPION else []
    predictor = champion_predictor(settings) if wanted else None
    if predictor is None:
        return {"pre_annotated": 0, "model": None if version == NO_CHAMPION else version}
    # tasks of an earlier release are not marked yet
    project.mark({one.label_studio_task: "assisted" for one in wanted if one.label_studio_task})
    for start in range(0, len(wanted), TASKS_AT_ONCE):
        part = wanted[start : start + TASKS_AT_ONCE]
        suggestions, shown = dict[int, dict[str, Any]](), dict[int, Shown]()
        for number, assignment in enumerate(part, start=start + 1):
            found = _predict_study(settings, assignment, predictor)
            task = {"task": assignment.label_studio_task}
            suggestions[assignment.id] = task | prediction_dict(found, predictor.version)
            shown[assignment.id] = _shown(assignment, found)
            advance(number, len(wanted))
        project.delete_predictions([one.label_studio_task for one in part if one.label_studio_task and one.shown_model])
        noted = record_shown(settings, shown, predictor.version)
        project.import_predictions([one for assignment_id, one in suggestions.items() if assignment_id in noted])
    return {"pre_annotated": len(wanted), "model": predictor.version}


def _awaiting(settings: Settings, project: ReaderProject, name: str, version: str) -> list[Assignment]:
    """The reader's assisted tasks that nobody has begun and that do not show this version's outlines yet."""
    outdated = or_(Assignment.shown_model.is_(None), Assignment.shown_model != version)
    assisted = _worklist(
        settings, name, Assignment.exposure == "assisted", Assignment.label_studio_task.is_not(None), outdated
    )
    with open_session(settings) as session:
        reader = session.scalars(select(Reader).where(Reader.name == name)).one()
        read = read_images(session, reader.id, [image.id for one in assisted for image in one.study.images])
    unread = [one for one in assisted if not any(image.id in read for image in one.study.images)]
    begun = project.begun() if unread else set()
    return [one for one in unread if one.label_studio_task not in begun]


def _shown(assignment: Assignment, found: dict[Projection, Prediction]) -> Shown:
    return {
        image.id: suggested(prediction)
        for image in assignment.study.images
        for projection, prediction in found.items()
        if projection == image.projection
    }


def _predict_study(settings: Settings, assignment: Assignment, predictor: "Predictor") -> dict[Projection, Prediction]:
    found: dict[Projection, Prediction] = {}
    for image in assignment.study.images:
        projection: Projection = "anterior" if image.projection == "anterior" else "posterior"
        prediction = predict_image(settings, image.id, predictor)
        if prediction is not None:
            found[projection] = prediction
    return found


def _worklist(settings: Settings, name: str, *conditions: ColumnElement[bool]) -> list[Assignment]:
    with open_session(settings) as session:
        reader = session.scalars(select(Reader).where(Reader.name == name)).one()
        return worklist(session, reader, settings.seed, *conditions)
