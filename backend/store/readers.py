"""Readers as rows: how a new one is numbered, whichever door it comes by."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.store.tables import Reader


def new_reader(session: Session, name: str, *, expert: bool = False, share: float = 1.0) -> Reader:
    """Adds a reader of a name that is not taken, with the next number."""
    highest = session.scalar(select(func.max(Reader.number))) or 0
    reader = Reader(name=name, number=highest + 1, expert=expert, share=share)
    session.add(reader)
    return reader
