"""The two places at a study: who sits there, who has left one, and what the empty ones are to see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.records import Exposure
from backend.store.readings import counting
from backend.store.tables import Assignment, Image, Reading

IDS_PER_QUERY = 10_000
"""SQLite takes 32,766 values."""


@dataclass
class Places:
    """Who has to do with one study.

    Attributes:
        seated: assignments that stand, by reader id; repeats are none.
        released: assignments that were taken back unread, by reader id.
        readers: whoever has read a projection of it, in order of reader number.
        shown_to: readers who saw the model's outlines of it.
    """

    study_id: int
    seated: dict[int, Assignment] = field(default_factory=dict)
    released: dict[int, Assignment] = field(default_factory=dict)
    readers: list[int] = field(default_factory=list)
    shown_to: set[int] = field(default_factory=set)

    @property
    def taken(self) -> set[int]:
        """Readers who cannot be given it (again)."""
        return {*self.seated, *self.readers}

    @property
    def is_assigned(self) -> bool:
        return bool(self.seated or self.released)

    @property
    def was_shown(self) -> bool:
        return bool(self.shown_to)

    def readers_without_a_place(self, number: int) -> list[int]:
        """Those who read it unasked, as many as there are of the `number` places left."""
        empty = number - len(self._pair)
        return [reader_id for reader_id in self.readers if reader_id not in self.seated][: max(0, empty)]

    def open_exposures(self, pair: Sequence[Exposure]) -> list[Exposure]:
        """What the empty places see first, of the pair of both places."""
        left = list(pair)
        for assignment in self._pair:
            left.remove(next((one for one in left if one == assignment.exposure), left[0]))
        return left

    def seat(self, reader_id: int, exposure: Exposure) -> Assignment:
        """The reader's assignment: a new one, or the one that was taken back."""
        assignment = self.released.pop(reader_id, None) or Assignment(
            reader_id=reader_id, study_id=self.study_id, purpose="reading"
        )
        assignment.released, assignment.exposure = None, exposure
        self.seated[reader_id] = assignment
        return assignment

    @property
    def _pair(self) -> list[Assignment]:
        return [one for one in self.seated.values() if one.purpose == "reading"]


def places_of(session: Session, study_ids: Sequence[int]) -> dict[int, Places]:
    """The places at each of these studies."""
    found = {study_id: Places(study_id) for study_id in study_ids}
    for start in range(0, len(study_ids), IDS_PER_QUERY):
        part = study_ids[start : start + IDS_PER_QUERY]
        chosen = select(Assignment).where(Assignment.study_id.in_(part), Assignment.purpose != "repeat")
        _note_assignments(found, session.scalars(chosen.order_by(Assignment.id)))
        rows = session.execute(
            counting()
            .join(Image, Image.id == Reading.image_id)
            .where(Image.study_id.in_(part))
            .add_columns(Image.study_id)
        )
        _note_readings(found, rows)
    return found


def _note_assignments(found: dict[int, Places], assignments: Iterable[Assignment]) -> None:
    for assignment in assignments:
        places = found[assignment.study_id]
        if assignment.shown_model is not None:
            places.shown_to.add(assignment.reader_id)
        if assignment.released is None:
            places.seated[assignment.reader_id] = assignment
        elif assignment.purpose == "reading":
            places.released[assignment.reader_id] = assignment


def _note_readings(found: dict[int, Places], readings: Iterable[tuple[Reading, int]]) -> None:
    for reading, study_id in readings:
        places = found[study_id]
        if reading.reader_id not in places.readers:
            places.readers.append(reading.reader_id)
        if reading.exposure == "assisted":
            places.shown_to.add(reading.reader_id)
