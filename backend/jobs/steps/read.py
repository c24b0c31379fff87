"""Readers' files and submissions → sealed readings; what then agrees becomes a reference."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, String, cast, literal, select

from backend.errors import ServiceError
from backend.jobs.steps import agree
from backend.jobs.steps.predict_stored import predict_image
from backend.jobs.steps.publish import assign_all, label_studio_readers
from backend.labelstudio.project import ReaderProject, open_project
from backend.readings.import_files import import_paths
from backend.readings.receipt import Receipt
from backend.readings.receive import receive_webhook
from backend.readings.reconcile import reconcile as bring_in_line
from backend.settings import Settings
from backend.store.readers import new_reader
from backend.store.readings import read_images
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, Reader, Reading, Study, Withdrawal, now
from backend.worklist.assign import READERS_OF_A_CASE
from backend.worklist.labelme_folder import export

FileFormat = Literal["auto", "labelme", "label-studio"]


def export_worklist(settings: Settings, directory: Path, reader: str) -> dict[str, Any]:
    """Writes a Labelme folder for one reader, as `worklist.labelme_folder.export` says.

    Raises:
        NotFound: no reader of that name.
        Refused: the folder holds something already.
    """
    _make_known(settings, reader)
    assign_all(settings)
    return export(settings, reader, directory, lambda image_id: predict_image(settings, image_id))


def import_readings(
    settings: Settings, paths: Iterable[Path], reader: str, file_format: FileFormat = "auto"
) -> dict[str, Any]:
    """Seals the readings in a reader's files, and makes references of what agrees then.

    Returns:
        the summary of `readings.import_files.import_paths`.

    Raises:
        NotFound: no reader of that name.
    """
    _make_known(settings, reader)
    document = import_paths(settings, list(paths), reader, file_format)
    agree.settle(settings)
    return document


def receive_event(settings: Settings, document: dict[str, Any]) -> None:
    """A webhook of Label Studio.

    Raises:
        ReadingError: it is no event of a reader's project, or a region in it is not usable.
    """
    receipt = receive_webhook(settings, document)
    agree.settle_images(settings, receipt.changed)
    if receipt.errors:
        raise receipt.errors[0]


def reconcile(settings: Settings) -> dict[str, Receipt | str]:
    """Brings our readings in line with every reader's project; one that is out of reach is left for later.

    Returns:
        by reader, what arrived or why nothing could.
    """
    results: dict[str, Receipt | str] = {}
    for name in label_studio_readers(settings):
        try:
            results[name] = _reconcile_reader(settings, name)
        except ServiceError as error:
            results[name] = str(error)
    agree.settle(settings)
    return results


def studies_read_by(settings: Settings, reader: str) -> set[str]:
    """Tokens of the studies of which the reader has read every projection."""
    with open_session(settings) as session:
        row = session.scalars(select(Reader).where(Reader.name == reader)).one()
        images = session.execute(select(Image.id, Study.token).join(Study)).all()
        read = read_images(session, row.id, [image_id for image_id, _ in images])
    return {token for _, token in images} - {token for image_id, token in images if image_id not in read}


def _reconcile_reader(settings: Settings, name: str) -> Receipt:
    as_of, project = now(), open_project(settings, name)
    listed = list(project.tasks_with_annotations())
    return bring_in_line(settings, name, [*listed, *_emptied(settings, project, listed, as_of)], as_of)


def _emptied(
    settings: Settings, project: ReaderProject, listed: list[dict[str, Any]], as_of: datetime
) -> list[dict[str, Any]]:
    """Tasks that are still there, were read and hold nothing any more; a project made anew has none of ours."""
    busy = {task["id"] for task in listed}
    chosen = (
        select(Assignment.label_studio_task)
        .join(Image, Image.study_id == Assignment.study_id)
        .join(Reading, (Reading.image_id == Image.id) & (Reading.reader_id == Assignment.reader_id))
        .join(Reader, Reader.id == Assignment.reader_id)
        .where(Assignment.label_studio_task.is_not(None), Assignment.created < as_of)
        .where(Reader.label_studio_project == project.id, Reading.origin.startswith("label-studio|"))
        .where(Reading.withdrawn.is_(False), Reading.repeat == (Assignment.purpose == "repeat"))
        .where(~_taken_back())
    )
    with open_session(settings) as session:
        emptied = set(session.scalars(chosen)) - busy
    there = set(project.tasks().values()) if emptied else set()
    return [{"id": task, "annotations": []} for task in sorted(there & emptied)]


def _taken_back() -> ColumnElement[bool]:
    """A withdrawal of the reading is noted already; one that came after the reference changed nothing."""
    annotation = literal("label-studio|%:") + cast(Withdrawal.annotation, String) + literal("|%")
    chosen = select(Withdrawal.id).where(Withdrawal.reader_id == Reading.reader_id, Withdrawal.at >= Reading.submitted)
    return chosen.where(Reading.origin.like(annotation)).exists()


def _make_known(settings: Settings, name: str) -> None:
    """The first two readers become known by their first file; further ones must be named, against typing errors."""
    with open_session(settings) as session:
        known = set(session.scalars(select(Reader.name)))
        if name in known or (len(known) >= READERS_OF_A_CASE and name not in settings.readers):
            return
        new_reader(session, name)
