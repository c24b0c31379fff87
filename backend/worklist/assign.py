"""Who reads what, in which order, and what each reader is to see first."""

import hashlib
from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from backend.records import Exposure
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Study

ExposurePolicy = Callable[[int, str, bool], Exposure]
"""Reader number, study token, sequestered → what the reader sees first."""


def reading_order(seed: int, reader_number: int, tokens: Iterable[str]) -> list[str]:
    """The studies in the order in which one reader is to read them: a seeded shuffle that knows only the tokens.

    So sequestered studies lie among the others at their natural share, and a study that arrives later falls between
    those already there without changing their order.
    """
    return sorted(
        tokens, key=lambda token: hashlib.sha256(f"order\0{seed}\0{reader_number}\0{token}".encode()).digest()
    )


def assign(settings: Settings, policy: ExposurePolicy) -> int:
    """Puts every study on every reader's worklist, in reading order; returns how many assignments are new.

    An assignment that exists is left as it is: what a reader is to see first is decided once.
    """
    with open_session(settings) as session:
        readers, all_studies, made = (
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Reader, Study, Assignment)
        )
        if made == readers * all_studies:
            return 0
        studies = {study.token: study for study in session.scalars(select(Study).options(joinedload(Study.patient)))}
        known = {
            (row.reader_id, row.study_id) for row in session.execute(select(Assignment.reader_id, Assignment.study_id))
        }
        new = [
            Assignment(
                reader_id=reader.id,
                study_id=studies[token].id,
                exposure=policy(reader.number, token, studies[token].patient.sequestered),
            )
            for reader in session.scalars(select(Reader).order_by(Reader.number))
            for token in reading_order(settings.seed, reader.number, studies)
            if (reader.id, studies[token].id) not in known
        ]
        session.add_all(new)
        return len(new)


def worklist(session: Session, reader: Reader, seed: int, *conditions: ColumnElement[bool]) -> list[Assignment]:
    """The reader's assignments (that meet the conditions) with their studies and images, in reading order."""
    chosen = (
        select(Assignment)
        .where(Assignment.reader_id == reader.id, *conditions)
        .options(joinedload(Assignment.study).selectinload(Study.images))
    )
    by_token = {assignment.study.token: assignment for assignment in session.scalars(chosen)}
    return [by_token[token] for token in reading_order(seed, reader.number, by_token)]


def record_shown(session: Session, assignment_ids: Iterable[int], model_version: str) -> None:
    """Notes that the outlines of this model version were put before the reader on these (assisted) assignments."""
    chosen = select(Assignment).where(Assignment.id.in_(list(assignment_ids)), Assignment.exposure == "assisted")
    for assignment in session.scalars(chosen):
        assignment.shown_model = model_version
