"""Where the loop stands, counted in the database; no figure here comes from a model's look at an unread case."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.records import PROJECTIONS
from backend.settings import Settings
from backend.store.readings import counting
from backend.store.sealed import stands
from backend.store.session import open_session
from backend.store.tables import (
    ChampionChange,
    DatasetVersion,
    Image,
    ModelVersion,
    Patient,
    Reader,
    Reference,
    Run,
    Study,
)

SETTLED = ("agreed", "adjudicated", "excluded")


def standing(settings: Settings) -> dict[str, Any]:
    """Counts of every step of the loop, and the champion, as JSON."""
    with open_session(settings) as session:
        projections = Counter(status for _, statuses in _statuses(session) for status in statuses.values())
        champion = session.scalars(select(ChampionChange).order_by(ChampionChange.id.desc()).limit(1)).first()
        return {
            "patients": _count(session, Patient.id),
            "studies": _count(session, Study.id),
            "readers": _count(session, Reader.id),
            "readings": session.scalar(select(func.count()).select_from(counting().subquery())) or 0,
            "projections": {name: projections.get(name, 0) for name in ("waiting", "adjudicate", *SETTLED)},
            "datasets": _count(session, DatasetVersion.id),
            "runs": _count(session, Run.id),
            "models": _count(session, ModelVersion.id),
            "champion": champion.model_id if champion else None,
            "champion_since": champion.at.isoformat() if champion and champion.model_id else None,
        }


def study_statuses(settings: Settings) -> list[dict[str, Any]]:
    """Every study by its token, with the status of each projection; newest study first."""
    with open_session(settings) as session:
        found = [
            {"study": study.token, "projections": {name: statuses.get(name) for name in PROJECTIONS}}
            for study, statuses in _statuses(session)
        ]
    return found[::-1]


def _statuses(session: Session) -> list[tuple[Study, dict[str, str]]]:
    readings: defaultdict[int, list[int]] = defaultdict(list)
    for reading in session.scalars(counting()):
        readings[reading.image_id].append(reading.id)
    newest = {row.image_id: row for row in session.scalars(select(Reference).order_by(Reference.id))}
    found: dict[int, tuple[Study, dict[str, str]]] = {}
    for study, image in session.execute(select(Study, Image).join(Image.study).order_by(Study.id)):
        status = _status(newest.get(image.id), readings[image.id])
        found.setdefault(study.id, (study, {}))[1][image.projection] = status
    return list(found.values())


def _status(reference: Reference | None, readings: list[int]) -> str:
    """`adjudicate` also for the moment in which two readings are in and not yet compared."""
    if reference is not None and stands(reference, readings):
        return reference.status
    return "waiting" if len(readings) < 2 else "adjudicate"


def _count(session: Session, column: Any) -> int:
    return session.scalar(select(func.count(column))) or 0
