"""What was measured and kept, under one version of the rules."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.agreement.measure import Measures
from backend.agreement.rows import parts
from backend.store.tables import Comparison, Reading, ReadingScore

Pairing = tuple[int, int]
"""Ids of two readings in `reader_order`; of a repeat, the first reading first."""
Scored = tuple[int, str]
"""Id of a reading and what it was measured against, as `against_reference` and `against_shown` write it."""


def against_reference(reference_id: int) -> str:
    return f"reference {reference_id}"


def against_shown(shown_id: int) -> str:
    return f"shown {shown_id}"


def comparisons(session: Session, rules: str, image_ids: Collection[int] | None = None) -> dict[Pairing, Measures]:
    """The documents of `measure`, of these images or of all."""
    return {(a, b): measures for a, b, measures in _comparisons(session, rules, image_ids, Comparison.measures)}


def compared(session: Session, rules: str, image_ids: Collection[int] | None = None) -> set[Pairing]:
    return {(a, b) for a, b in _comparisons(session, rules, image_ids)}


def scores(session: Session, rules: str, image_ids: Collection[int] | None = None) -> dict[Scored, Measures]:
    """The documents of `measure_against` and of `edits`."""
    found = _scores(session, rules, image_ids, ReadingScore.measures)
    return {(reading, against): measures for reading, against, measures in found}


def scored(session: Session, rules: str, image_ids: Collection[int] | None = None) -> set[Scored]:
    return {(reading, against) for reading, against in _scores(session, rules, image_ids)}


def _comparisons(session: Session, rules: str, image_ids: Collection[int] | None, *more: Any) -> list[Any]:
    wanted = select(Comparison.reading_a, Comparison.reading_b, *more).where(Comparison.rules == rules)
    return [row for part in parts(wanted, Comparison.image_id, image_ids) for row in session.execute(part)]


def _scores(session: Session, rules: str, image_ids: Collection[int] | None, *more: Any) -> list[Any]:
    wanted = select(ReadingScore.reading_id, ReadingScore.against, *more).where(ReadingScore.rules == rules)
    if image_ids is not None:
        wanted = wanted.join(Reading, ReadingScore.reading_id == Reading.id)
    return [row for part in parts(wanted, Reading.image_id, image_ids) for row in session.execute(part)]
