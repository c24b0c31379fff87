"""Which of a reader's readings counts, and what was taken back.

What counts follows from the rows alone (submissions and withdrawals, each with its time), never from the order in which
they arrived; lost, repeated and late messages therefore end in the same table.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from backend.readings.origin import Origin
from backend.store.tables import Reading, Withdrawal


@dataclass(frozen=True)
class TakenBack:
    """A Label Studio annotation that its reader deleted or skipped: what it said up to `at` no longer counts."""

    annotation: int
    at: datetime


@dataclass(frozen=True)
class StillThere:
    """Label Studio showed these annotations at `at`: a withdrawal noted before that was a mistake."""

    annotations: frozenset[int]
    at: datetime


def note_withdrawals(
    session: Session, reader_id: int, taken_back: Iterable[TakenBack], still_there: StillThere | None = None
) -> set[int]:
    """Keeps what was taken back, forgets what was not; returns the annotations it concerns."""
    known = {row.annotation: row for row in session.scalars(_withdrawals_of(reader_id))}
    concerned = set[int]()
    for annotation in still_there.annotations & known.keys() if still_there else ():
        if still_there and known[annotation].at < still_there.at:
            session.delete(known.pop(annotation))
            concerned.add(annotation)
    for item in taken_back:
        row = known.get(item.annotation)
        if row is None:
            known[item.annotation] = row = Withdrawal(reader_id=reader_id, annotation=item.annotation, at=item.at)
            session.add(row)
        row.at = max(row.at, item.at)
        concerned.add(item.annotation)
    session.flush()
    return concerned


def images_of_annotations(session: Session, reader_id: int, annotations: Collection[int]) -> set[int]:
    """The images that readings from these Label Studio annotations belong to."""
    if not annotations:
        return set()
    patterns = [Reading.origin.like(f"label-studio%|%:{annotation}|%") for annotation in annotations]
    return set(session.scalars(select(Reading.image_id).where(Reading.reader_id == reader_id, or_(*patterns))))


def settle(session: Session, reader_id: int, image_ids: Collection[int]) -> None:
    """Says anew for each image which of the reader's readings counts.

    It is the newest by `submitted` that was not withdrawn; where the ones just before it say the same, the first of
    those, so that sending the same again leaves everything as it is.
    """
    withdrawals = {row.annotation: row.at for row in session.scalars(_withdrawals_of(reader_id))}
    chosen = select(Reading).where(Reading.reader_id == reader_id, Reading.image_id.in_(image_ids))
    by_image: dict[int, list[tuple[Origin, Reading]]] = {}
    for row in session.scalars(chosen):
        by_image.setdefault(row.image_id, []).append((Origin.parse(row.origin), row))
    for readings in by_image.values():
        _settle_image(readings, withdrawals)
    session.flush()


def _settle_image(readings: list[tuple[Origin, Reading]], withdrawals: dict[int, datetime]) -> None:
    live = {origin.identity for origin, _ in readings if origin.is_live}
    for origin, row in readings:
        at = withdrawals.get(origin.annotation) if origin.annotation is not None and origin.identity in live else None
        row.withdrawn = at is not None and row.submitted <= at
    valid = [pair for pair in readings if not pair[1].withdrawn and not pair[1].unblinded]
    valid.sort(key=lambda pair: (pair[0].submitted, not pair[0].is_live, str(pair[0])))
    counting = _first_of_last_run([row for _, row in valid])
    for _, row in readings:
        set_aside = counting is not None and row is not counting and not row.withdrawn
        row.superseded_by = counting.id if counting is not None and set_aside else None


def _first_of_last_run(rows: list[Reading]) -> Reading | None:
    counting = None
    for row in reversed(rows):
        if counting is not None and _says(row) != _says(counting):
            break
        counting = row
    return counting


def _says(row: Reading) -> tuple[str, str | None]:
    return row.regions_sha256, row.exclusion


def _withdrawals_of(reader_id: int) -> Select[Withdrawal]:
    return select(Withdrawal).where(Withdrawal.reader_id == reader_id)
