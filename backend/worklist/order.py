"""The order in which a reader meets the studies, and the reader's worklist in that order."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from backend.records import Exposure
from backend.store.tables import Assignment, Reader, Study


def reading_order(seed: int, reader_number: int, tokens: Iterable[str]) -> list[str]:
    """The studies in the order in which one reader is to read them: a seeded shuffle that knows only the tokens.

    So sequestered studies and hidden repeats lie among the others at their natural share, and a study that arrives
    later falls between those already there without changing their order.
    """
    return sorted(tokens, key=lambda token: drawn("order", seed, reader_number, token))


def drawn(purpose: str, seed: int, reader_number: int, token: str) -> bytes:
    """32 bytes that look random and are the same every time."""
    return hashlib.sha256(f"{purpose}\0{seed}\0{reader_number}\0{token}".encode()).digest()


def shown_token(assignment: Assignment) -> str:
    """The name under which the reader gets the study: its own, or the alias of a repeat."""
    return assignment.token or assignment.study.token


def exposure_of(assignment: Assignment) -> Exposure:
    return "assisted" if assignment.exposure == "assisted" else "blind"


def worklist(session: Session, reader: Reader, seed: int, *conditions: ColumnElement[bool]) -> list[Assignment]:
    """The reader's assignments (that meet the conditions) with their studies and images, in reading order."""
    chosen = (
        select(Assignment)
        .where(Assignment.reader_id == reader.id, Assignment.released.is_(None), *conditions)
        .options(joinedload(Assignment.study).selectinload(Study.images))
    )
    by_token = {shown_token(assignment): assignment for assignment in session.scalars(chosen)}
    return [by_token[token] for token in reading_order(seed, reader.number, by_token)]
