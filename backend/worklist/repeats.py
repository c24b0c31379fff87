"""Hidden repeats: a few studies that a reader has read blind come again, under another name, for that reader alone."""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from backend.labelstudio.layout import file_name
from backend.records import PROJECTIONS, WINDOWS
from backend.settings import Settings
from backend.store.images import name_digest
from backend.store.readings import standing
from backend.store.secrets import keyed_digest
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, ImageName, Reader, Reading, Study, now
from backend.worklist.order import drawn
from backend.worklist.work import work

ALIAS_LENGTH = 16
"""As long as a study's own token, so that nothing tells them apart."""


def put_in_repeats(settings: Settings) -> int:
    """Puts the repeats that are due on the worklists, each once; returns how many.

    Due is a study that the seeded draw picks for the reader (`repeat_share`), every projection of which the reader has
    read blind, the last at least `repeat_days` ago. They come a few at a time, so that they lie among the other studies
    at about their share: a list of nothing but repeats would give itself away.
    """
    if not settings.repeat_share:
        return 0
    before = now() - timedelta(days=settings.repeat_days)
    with open_session(settings) as session:
        readers = session.scalars(select(Reader).where(Reader.left.is_(None)).order_by(Reader.id).with_for_update())
        studies = list(session.execute(select(Study.id, Study.token).order_by(Study.id)))
        made = 0
        for reader in readers.all():
            picked = [study_id for study_id, token in studies if is_picked(settings, reader.number, token)]
            due = _due(session, reader.id, picked, before)
            for study_id in due[: _room_for(session, reader.id, settings.repeat_share) if due else 0]:
                _repeat(session, settings, reader, session.get_one(Study, study_id))
                made += 1
        return made


def is_picked(settings: Settings, reader_number: int, token: str) -> bool:
    """Whether the seeded draw picks this study to be repeated for this reader."""
    place = int.from_bytes(drawn("repeat", settings.seed, reader_number, token)[:8]) / 2**64
    return place < settings.repeat_share


def _room_for(session: Session, reader_id: int, share: float) -> int:
    """How many more repeats may lie before the reader now: the share of what is still to read, and one at least."""
    unread = [one.purpose == "repeat" for one in work(session, Assignment.reader_id == reader_id) if not one.is_done]
    return max(0, max(1, ceil(share * unread.count(False))) - unread.count(True))


def _due(session: Session, reader_id: int, picked: list[int], before: datetime) -> list[int]:
    known = select(Assignment.study_id).where(Assignment.reader_id == reader_id, Assignment.purpose == "repeat")
    theirs = and_(Reading.image_id == Image.id, Reading.reader_id == reader_id, Reading.repeat.is_(False), *standing())
    read_blind = and_(theirs, Reading.exposure == "blind", Reading.sealed <= before)
    chosen = (
        select(Image.study_id)
        .outerjoin(Reading, read_blind)
        .where(Image.study_id.in_(picked), Image.study_id.not_in(known))
        .group_by(Image.study_id)
        .having(func.count(Image.id) == func.count(Reading.id))
        .order_by(Image.study_id)
    )
    return list(session.scalars(chosen))


def _repeat(session: Session, settings: Settings, reader: Reader, study: Study) -> None:
    alias = keyed_digest(settings, "repeat", f"{reader.id}\0{study.token}")[:ALIAS_LENGTH]
    session.add(Assignment(reader_id=reader.id, study_id=study.id, purpose="repeat", token=alias, exposure="blind"))
    # the names under which what the reader hands in will speak of these images
    for image in study.images:
        projection = next(one for one in PROJECTIONS if one == image.projection)
        for window in WINDOWS:
            digest = name_digest(settings, file_name(alias, projection, window))
            session.add(ImageName(digest=digest, image_id=image.id, space="grid"))
