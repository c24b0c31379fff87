"""Which of a reader's readings counts, and what was taken back.

What counts follows from the rows alone (submissions, withdrawals and references, each with its time), never from the
order in which they arrived; lost, repeated and late messages therefore end in the same table.

Once a reference is written, a reader who has read the image may know it. What this reader says of the image from then
on is kept and marked `unblinded`, and counts nowhere; what is taken back from then on goes on counting.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from backend.readings.origin import Origin
from backend.store.tables import Reading, Reference, Withdrawal


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

    It is the newest by `submitted` that was neither withdrawn nor made knowing the reference; where the ones just
    before it say the same, the first of those, so that sending the same again leaves everything as it is. Hidden
    repeats are settled among themselves.
    """
    withdrawals = {row.annotation: row.at for row in session.scalars(_withdrawals_of(reader_id))}
    references = _references_of(session, image_ids)
    chosen = select(Reading).where(Reading.reader_id == reader_id, Reading.image_id.in_(image_ids))
    groups: dict[tuple[int, bool], list[Reading]] = {}
    for row in session.scalars(chosen):
        groups.setdefault((row.image_id, row.repeat), []).append(row)
    for (image_id, repeat), rows in groups.items():
        # a repeat is blind whatever the reference: its reader does not know which study it is
        _settle_image(_said(rows, withdrawals), [] if repeat else references.get(image_id, []))
    session.flush()


@dataclass(frozen=True)
class _Said:
    """One reading, when it was made, and when it was taken back."""

    row: Reading
    origin: Origin
    made: datetime
    taken_back: datetime | None

    def stood_at(self, time: datetime) -> bool:
        return self.made <= time and (self.taken_back is None or self.taken_back > time)


def _said(rows: list[Reading], withdrawals: dict[int, datetime]) -> list[_Said]:
    origins = [Origin.parse(row.origin) for row in rows]
    live = {origin.identity for origin in origins if origin.is_live}
    said = []
    for row, origin in zip(rows, origins, strict=True):
        is_live = origin.identity in live
        at = withdrawals.get(origin.annotation) if origin.annotation is not None and is_live else None
        # the clock of our own Label Studio is believed, that of a file is not; nothing is made after it has arrived
        made = min(origin.submitted, row.sealed) if is_live else row.sealed
        said.append(_Said(row, origin, made, at if at is not None and origin.submitted <= at else None))
    return said


def _settle_image(said: list[_Said], references: Sequence[datetime]) -> None:
    known = next((at for at in references if any(one.stood_at(at) for one in said)), None)
    for one in said:
        one.row.unblinded = known is not None and one.made > known
        stands = known is not None and one.stood_at(known)
        one.row.withdrawn = one.taken_back is not None and not stands
    valid = [one for one in said if not one.row.withdrawn and not one.row.unblinded]
    valid.sort(key=lambda one: (one.origin.submitted, not one.origin.is_live, str(one.origin)))
    counting = _first_of_last_run([one.row for one in valid])
    for one in said:
        set_aside = one in valid and one.row is not counting
        one.row.superseded_by = counting.id if counting is not None and set_aside else None


def _first_of_last_run(rows: list[Reading]) -> Reading | None:
    counting = None
    for row in reversed(rows):
        if counting is not None and _says(row) != _says(counting):
            break
        counting = row
    return counting


def _says(row: Reading) -> tuple[str, str | None]:
    return row.regions_sha256, row.exclusion


def _references_of(session: Session, image_ids: Collection[int]) -> dict[int, list[datetime]]:
    """When references of these images were written, the earliest first."""
    chosen = select(Reference.image_id, Reference.created).where(Reference.image_id.in_(image_ids))
    found: dict[int, list[datetime]] = {}
    for image_id, created in session.execute(chosen.order_by(Reference.created)):
        found.setdefault(image_id, []).append(created)
    return found


def _withdrawals_of(reader_id: int) -> Select[Withdrawal]:
    return select(Withdrawal).where(Withdrawal.reader_id == reader_id)
