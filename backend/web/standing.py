"""Where the loop stands, counted in the database; no figure here comes from a model's look at an unread case."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.jobs.steps.news import champions_dataset, is_new, that_stands
from backend.jobs.steps.versions import learned_from_simulated_scans
from backend.promotion.registry import champion
from backend.settings import Settings
from backend.store.readings import counting
from backend.store.readings import standing as standing_readings
from backend.store.session import open_session
from backend.store.tables import (
    ChampionChange,
    Comparison,
    DatasetVersion,
    Image,
    ModelVersion,
    Patient,
    Reader,
    Reading,
    ReadingScore,
    Reference,
    Run,
    Study,
)

SETTLED = ("agreed", "adjudicated", "excluded")


@dataclass(frozen=True)
class StudyStanding:
    """Where each projection of a study stands, and how many readings of it are sealed.

    `new`: a reference of it was sealed after the champion's dataset version was frozen.
    """

    study_id: int
    token: str
    image_ids: dict[str, int]
    projections: dict[str, str]
    sealed: dict[str, int]
    new: bool


def standing(settings: Settings) -> dict[str, Any]:
    """Counts of every step of the loop, and the champion, as JSON."""
    with open_session(settings) as session:
        projections = Counter(status for one in study_standings(session) for status in one.projections.values())
        change = session.scalars(select(ChampionChange).order_by(ChampionChange.id.desc()).limit(1)).first()
        return {
            "patients": _count(session, Patient.id),
            "studies": _count(session, Study.id),
            "readers": _count(session, Reader.id),
            "readings": session.scalar(select(func.count()).select_from(counting().subquery())) or 0,
            "projections": {name: projections.get(name, 0) for name in ("waiting", "adjudicate", *SETTLED)},
            "datasets": _count(session, DatasetVersion.id),
            "runs": _count(session, Run.id),
            "models": _count(session, ModelVersion.id),
            "champion": change.model_id if change else None,
            "champion_since": change.at.isoformat() if change and change.model_id else None,
            "champion_simulated": learned_from_simulated_scans(champion(session)),
        }


def study_standings(session: Session) -> list[StudyStanding]:
    """Every study in the order of arrival, from columns alone: there may be ten thousand."""
    readings: defaultdict[int, list[int]] = defaultdict(list)
    for image_id, reading in session.execute(counting().with_only_columns(Reading.image_id, Reading.id)):
        readings[image_id].append(reading)
    references = {row.image_id: row for row in session.execute(_REFERENCES)}
    dataset = champions_dataset(session)
    since = dataset.created if dataset else None
    studies: dict[int, tuple[str, dict[str, int]]] = {}
    images = select(Study.id, Study.token, Image.projection, Image.id).join(Image.study)
    for study, token, projection, image_id in session.execute(images.order_by(Study.id, Image.projection)):
        studies.setdefault(study, (token, {}))[1][projection] = image_id
    found = []
    for study, (token, image_ids) in studies.items():
        kept = {name: that_stands(references.get(one), readings[one]) for name, one in image_ids.items()}
        sealed = {name: len(readings[one]) for name, one in image_ids.items()}
        statuses = {name: _status(kept[name], sealed[name]) for name in image_ids}
        found.append(
            StudyStanding(study, token, image_ids, statuses, sealed, any(is_new(one, since) for one in kept.values()))
        )
    return found


def mark_of_standing(session: Session, rules: str) -> tuple[Any, ...]:
    """Changes whenever something does that standings or figures of agreement are made from."""
    counted = counting().subquery()
    asked = (
        select(func.count(), func.sum(counted.c.id)).select_from(counted),
        select(func.count(), func.sum(Reading.id)).where(Reading.repeat.is_(True), *standing_readings()),
        select(func.max(Reference.id)),
        select(func.max(ChampionChange.id)),
        select(func.count(Image.id), func.max(Image.id)),
        select(func.count(Study.id)).where(Study.control.is_(True)),
        select(func.count(Comparison.id)).where(Comparison.rules == rules),
        select(func.count(ReadingScore.id)).where(ReadingScore.rules == rules),
    )
    return (rules, *(tuple(session.execute(one).one()) for one in asked))


_REFERENCES = select(
    Reference.image_id,
    Reference.status,
    Reference.reading_a,
    Reference.reading_b,
    Reference.further_readings,
    Reference.created,
).order_by(Reference.id)


def _status(reference: Any, sealed: int) -> str:
    """`adjudicate` also for the moment in which two readings are in and not yet compared."""
    if reference is not None:
        return str(reference.status)
    return "waiting" if sealed < 2 else "adjudicate"


def _count(session: Session, column: Any) -> int:
    return session.scalar(select(func.count(column))) or 0
