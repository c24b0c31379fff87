"""Brings our readings in line with what a reader's Label Studio project really holds: the cure for lost webhooks."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import InputError, ReadingError
from backend.readings.label_studio_file import origin_of
from backend.readings.live import live_document, receive_live
from backend.readings.origin import Origin
from backend.readings.readers import reader_named
from backend.readings.receipt import Receipt
from backend.readings.seal import Arrival, seal
from backend.readings.settle import StillThere, TakenBack
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Image, Reading
from converters.label_studio import read_export

GRACE = timedelta(minutes=1)
"""An annotation as young as this may be missing from a list because its transaction had not ended."""

Document = dict[str, Any]


def reconcile(settings: Settings, reader: str, tasks: Iterable[Document], as_of: datetime) -> Receipt:
    """Receives what is missing, takes back what is gone, leaves alone what agrees.

    Only tasks in `tasks` are looked at: a project that was emptied or made anew takes nothing back.

    Args:
        reader: whose project it is.
        tasks: full task documents with their `annotations`, as Label Studio's API or JSON export gives them.
        as_of: when the listing began; later events win over it.

    Raises:
        NotFound: no reader of that name.
    """
    with open_session(settings) as session:
        reader_id = reader_named(session, reader).id
        sealed = _sealed(session, reader_id)
    receipt = Receipt()
    for task in tasks:
        try:
            receipt += _receive_missing(settings, task, {origin for origin, whole in sealed.items() if whole})
            receipt += _take_back_gone(settings, reader_id, task, (set(sealed), as_of))
        except InputError as error:
            receipt += Receipt(errors=(error,))
    return receipt


def _sealed(session: Session, reader_id: int) -> dict[Origin, bool]:
    """The submissions of this server that we hold; True where there is a reading of each image of the study."""
    images = select(Image.study_id, func.count().label("number")).group_by(Image.study_id).subquery()
    chosen = (
        select(Reading.origin, func.count(), func.max(images.c.number))
        .join(Image, Image.id == Reading.image_id)
        .join(images, images.c.study_id == Image.study_id)
        .where(Reading.reader_id == reader_id, Reading.origin.startswith("label-studio|"))
        .group_by(Reading.origin)
    )
    return {Origin.parse(text): held == number for text, held, number in session.execute(chosen)}


def _receive_missing(settings: Settings, task: Document, whole: set[Origin]) -> Receipt:
    receipt = Receipt()
    for annotation in annotations_of(task):
        submissions, _ = read_export(live_document(task, annotation), "Label Studio")
        known = all(
            entry.kind == "annotation" and origin_of(entry, True, datetime.now(UTC), "Label Studio") in whole
            for entry in submissions
        )
        if known and submissions:
            receipt += Receipt(repeated=1)
        else:
            receipt += receive_live(settings, task, annotation)
    return receipt


def _take_back_gone(settings: Settings, reader_id: int, task: Document, ours: tuple[set[Origin], datetime]) -> Receipt:
    held, as_of = ours
    there = {entry["id"] for entry in annotations_of(task) if not entry.get("was_cancelled")}
    skipped = {entry["id"] for entry in annotations_of(task) if entry.get("was_cancelled")}
    gone = {origin.annotation for origin in held if origin.task == task["id"]} - there - skipped
    taken_back = tuple(TakenBack(number, as_of - GRACE) for number in gone if number is not None)
    return seal(settings, [Arrival(reader_id, (), taken_back, StillThere(frozenset(there), as_of))])


def annotations_of(task: Document) -> list[Document]:
    """The task's annotations, all of them.

    Raises:
        ReadingError: the document does not hold them all; nothing may be concluded from what is absent.
    """
    found = task.get("annotations") if isinstance(task, dict) else None
    source = f"task {task.get('id')}" if isinstance(task, dict) else "task"
    if not isinstance(found, list) or not all(isinstance(entry, dict) and "id" in entry for entry in found):
        raise ReadingError("no full list of annotations; ask for all fields", source=source, field="annotations")
    total = task.get("total_annotations")
    if isinstance(total, int) and total > len(found):
        message = f"{len(found)} annotations listed of {total}; ask for all fields"
        raise ReadingError(message, source=source, field="annotations")
    return found
