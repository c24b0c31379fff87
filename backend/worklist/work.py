"""How far readers are with what lies before them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from backend.store.readings import standing
from backend.store.tables import Assignment, Image, Reading


@dataclass(frozen=True)
class Work:
    """One study on one reader's worklist.

    Attributes:
        images, read, excluded: projections of the study; those the reader has read; of these, those called unreadable.
    """

    assignment_id: int
    reader_id: int
    study_id: int
    purpose: str
    images: int
    read: int
    excluded: int

    @property
    def is_done(self) -> bool:
        return self.read == self.images

    @property
    def is_begun(self) -> bool:
        return self.read > 0


def work(session: Session, *conditions: ColumnElement[bool]) -> list[Work]:
    """Everything on the worklists (that meets the conditions); what was taken off unread is not on them."""
    return [Work(*row) for row in session.execute(_chosen().where(*conditions))]


def _chosen() -> Select[int, int, int, str, int, int, int]:
    theirs = and_(
        Reading.image_id == Image.id,
        Reading.reader_id == Assignment.reader_id,
        Reading.repeat == (Assignment.purpose == "repeat"),
        *standing(),
    )
    return (
        select(
            Assignment.id,
            Assignment.reader_id,
            Assignment.study_id,
            Assignment.purpose,
            func.count(Image.id),
            func.count(Reading.id),
            func.count(Reading.exclusion),
        )
        .join(Image, Image.study_id == Assignment.study_id)
        .outerjoin(Reading, theirs)
        .where(Assignment.released.is_(None))
        .group_by(Assignment.id)
        .order_by(Assignment.id)
    )
