"""What each reader has before them, and which studies lack a reader."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Study
from backend.worklist.assign import READERS_OF_A_CASE
from backend.worklist.work import Work, work


def overview(settings: Settings) -> dict[str, Any]:
    """Who reads what, in numbers.

    Returns:
        `{"readers": [{"reader", "number", "expert", "share", "label_studio", "left_at", "assigned", "read", "left",
        "excluded"}], "studies": {"all", "lacking", "third"}, "lacking": tokens of studies with fewer than two
        readers}`. Counts are of studies; hidden repeats are among them as any other study is.
    """
    with open_session(settings) as session:
        lacking = _lacking(session)
        thirds = select(func.count()).where(Assignment.purpose == "third", Assignment.released.is_(None))
        return {
            "readers": _readers(session),
            "studies": {
                "all": session.scalar(select(func.count()).select_from(Study)) or 0,
                "lacking": len(lacking),
                "third": session.scalar(thirds) or 0,
            },
            "lacking": lacking,
        }


def progress(settings: Settings, reader_id: int) -> dict[str, int]:
    """How far one reader is.

    Returns:
        `{"assigned", "read", "left", "excluded"}`: studies on the worklist; read in full; still to read; and those of
        which the reader called a projection unreadable.

    Raises:
        NotFound: no reader has that id.
    """
    with open_session(settings) as session:
        if session.get(Reader, reader_id) is None:
            raise NotFound(f"reader {reader_id} does not exist")
        return _counts(work(session, Assignment.reader_id == reader_id))


def _counts(of_reader: Iterable[Work]) -> dict[str, int]:
    theirs = list(of_reader)
    read = sum(one.is_done for one in theirs)
    excluded = sum(one.excluded > 0 for one in theirs)
    return {"assigned": len(theirs), "read": read, "left": len(theirs) - read, "excluded": excluded}


def _readers(session: Session) -> list[dict[str, Any]]:
    by_reader: dict[int, list[Work]] = {}
    for one in work(session):
        by_reader.setdefault(one.reader_id, []).append(one)
    return [
        {
            "reader": reader.name,
            "number": reader.number,
            "expert": reader.expert,
            "share": reader.share,
            "label_studio": reader.label_studio_project is not None,
            "left_at": reader.left.isoformat() if reader.left else None,
        }
        | _counts(by_reader.get(reader.id, ()))
        for reader in session.scalars(select(Reader).order_by(Reader.number))
    ]


def _lacking(session: Session) -> list[str]:
    """Tokens of the studies that fewer than two readers have, in order of arrival."""
    held = (
        select(Assignment.study_id, func.count().label("readers"))
        .where(Assignment.released.is_(None), Assignment.purpose != "repeat")
        .group_by(Assignment.study_id)
        .subquery()
    )
    chosen = select(Study.token).outerjoin(held, held.c.study_id == Study.id).order_by(Study.id)
    return list(session.scalars(chosen.where(func.coalesce(held.c.readers, 0) < READERS_OF_A_CASE)))
