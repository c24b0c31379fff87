"""Brings our readings in line with what a reader's Label Studio project really holds: the cure for lost webhooks."""

from collections.abc import Iterable
from dataclasses import dataclass
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
from backend.store.tables import Image, Reading, Withdrawal
from converters.label_studio import read_export

GRACE = timedelta(minutes=1)
"""An annotation as young as this may be missing from a list because its transaction had not ended."""

SOURCE = "Label Studio"

Document = dict[str, Any]


@dataclass(frozen=True)
class _Held:
    """What we hold of this reader's work in Label Studio.

    Attributes:
        whole: submissions with a reading of each image of their study.
        standing: submissions that were not withdrawn.
        taken_back: when annotations noted as withdrawn were taken back.
    """

    reader_id: int
    whole: frozenset[Origin]
    standing: frozenset[Origin]
    taken_back: dict[int, datetime]

    def gone_unnoted(self, task: object, listed: set[int]) -> set[int]:
        """Annotations of a task that we hold, that are not listed, and whose withdrawal is not noted yet."""
        return {
            origin.annotation
            for origin in self.standing
            if origin.task == task and origin.annotation is not None and origin.annotation not in listed
            if origin.annotation not in self.taken_back or self.taken_back[origin.annotation] < origin.submitted
        }


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
        held = _held(session, reader_named(session, reader).id)
    receipt = Receipt()
    for task in tasks:
        try:
            annotations = annotations_of(task)
            for annotation in annotations:
                receipt += _receive_missing(settings, task, annotation, held)
            receipt += _take_back_gone(settings, task, annotations, (held, as_of))
        except InputError as error:
            receipt += Receipt(errors=(error,))
    return receipt


def _held(session: Session, reader_id: int) -> _Held:
    images = select(Image.study_id, func.count().label("number")).group_by(Image.study_id).subquery()
    chosen = (
        select(Reading.origin, Reading.withdrawn, func.count(), func.max(images.c.number))
        .join(Image, Image.id == Reading.image_id)
        .join(images, images.c.study_id == Image.study_id)
        .where(Reading.reader_id == reader_id, Reading.origin.startswith("label-studio|"))
        .group_by(Reading.origin, Reading.withdrawn)
    )
    rows = [
        (Origin.parse(text), withdrawn, number == all_) for text, withdrawn, number, all_ in session.execute(chosen)
    ]
    taken_back = session.scalars(select(Withdrawal).where(Withdrawal.reader_id == reader_id))
    return _Held(
        reader_id,
        frozenset(origin for origin, _, whole in rows if whole),
        frozenset(origin for origin, gone, _ in rows if not gone),
        {row.annotation: row.at for row in taken_back},
    )


def _receive_missing(settings: Settings, task: Document, annotation: Document, held: _Held) -> Receipt:
    # who and when is enough to know a submission by; its outlines are read only if it is new
    submissions, _ = read_export(live_document(task, annotation | {"result": []}), SOURCE)
    known = [
        entry.kind == "annotation" and origin_of(entry, True, datetime.now(UTC), SOURCE) in held.whole
        for entry in submissions
    ]
    return Receipt(repeated=1) if known and all(known) else receive_live(settings, task, annotation)


def _take_back_gone(
    settings: Settings, task: Document, annotations: list[Document], known: tuple[_Held, datetime]
) -> Receipt:
    held, as_of = known
    listed = {entry["id"] for entry in annotations}
    there = {entry["id"] for entry in annotations if not entry.get("was_cancelled")}
    gone = held.gone_unnoted(task.get("id"), listed)
    if not gone and there.isdisjoint(held.taken_back):
        return Receipt()
    taken_back = tuple(TakenBack(number, as_of - GRACE) for number in sorted(gone))
    return seal(settings, [Arrival(held.reader_id, (), taken_back, StillThere(frozenset(there), as_of))])


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
