"""All that was measured, beside whom and what it was measured of: every figure of agreement is counted from it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.agreement.kept import Pairing, Scored, against_reference, against_shown, comparisons, scores
from backend.agreement.measure import Measures
from backend.agreement.missing import repeats_of, shown_to
from backend.agreement.rows import ImageRow, ReadingRow, by_study, image_rows

Study = tuple[ImageRow, ...]


@dataclass(frozen=True)
class Compared:
    """Two readings of a projection, a the first in `reader_order`; `measures` is the document of `measure`.

    `calls_differ`: over the projections of the study that both could read, one found lesions and the other none.
    """

    image: ImageRow
    a: ReadingRow
    b: ReadingRow
    measures: Measures
    calls_differ: bool = False

    @property
    def deciding(self) -> bool:
        """Whether these are the two readings that make the reference."""
        return (self.a, self.b) == self.image.readings[:2]


@dataclass(frozen=True)
class Judged:
    """A reading and the reference that stands; `contributed`: the reference was made from this reading."""

    image: ImageRow
    reading: ReadingRow
    measures: Measures
    contributed: bool


@dataclass(frozen=True)
class Material:
    """The studies in the order of arrival, and what is kept of them; what is not measured yet is left out."""

    studies: Sequence[Study]
    comparisons: dict[Pairing, Measures]
    scores: dict[Scored, Measures]
    shown: dict[int, tuple[int, str]]

    def pairs(self, study: Study) -> list[Compared]:
        """Every two readings of readers who could read a projection, by projection and in `reader_order`."""
        found = [
            Compared(image, a, b, self.comparisons[a.id, b.id])
            for image in study
            for position, a in enumerate(image.readable)
            for b in image.readable[position + 1 :]
            if (a.id, b.id) in self.comparisons
        ]
        calls: defaultdict[tuple[int, int], list[bool]] = defaultdict(lambda: [False, False])
        for one in found:
            sides = calls[one.a.number, one.b.number]
            for side, holds in enumerate(one.measures["patient_call"]):
                sides[side] |= holds
        differ = {readers: first != second for readers, (first, second) in calls.items()}
        return [Compared(one.image, one.a, one.b, one.measures, differ[one.a.number, one.b.number]) for one in found]

    def repeats(self, study: Study) -> Iterator[Compared]:
        """Each reading with the same reader's hidden repeat."""
        for image in study:
            for first, again in repeats_of(image):
                if (first.id, again.id) in self.comparisons:
                    yield Compared(image, first, again, self.comparisons[first.id, again.id])

    def judged(self, study: Study) -> Iterator[Judged]:
        """Each reading of a projection with a reference that holds masks."""
        for image in study:
            if image.reference is None:
                continue
            for reading in image.readable:
                measures = self.scores.get((reading.id, against_reference(image.reference.id)))
                if measures is not None:
                    yield Judged(image, reading, measures, reading.id in image.reference.readings)

    def edits(self, reading: ReadingRow) -> Measures | None:
        """What the reader did to the outlines shown; None where none are known to have been shown."""
        if reading.id not in self.shown:
            return None
        return self.scores.get((reading.id, against_shown(self.shown[reading.id][0])))


def material(session: Session, rules: str, image_ids: Collection[int] | None = None) -> Material:
    """What is kept under these rules of these images, or of all."""
    rows = image_rows(session, image_ids)
    return Material(
        by_study(rows),
        comparisons(session, rules, image_ids),
        scores(session, rules, image_ids),
        shown_to(session, rows, image_ids),
    )
