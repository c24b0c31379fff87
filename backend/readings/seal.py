"""A reader's regions become immutable rows: blobs first, then the rows of one file or message all together."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.readings.origin import Origin
from backend.readings.receipt import Receipt
from backend.readings.settle import StillThere, TakenBack, images_of_annotations, note_withdrawals, settle
from backend.records import Exposure
from backend.settings import Settings
from backend.store import regions_document
from backend.store.blobs import blobs_of
from backend.store.readings import counting
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, Reader, Reading
from converters.regions import Region


@dataclass(frozen=True)
class Submitted:
    """What one reader says of one image, on the normalised grid, ready to be sealed."""

    image_id: int
    origin: Origin
    regions: tuple[Region, ...]
    exclusion: str | None
    seconds: float | None
    arrived_sha256: str
    certificate: dict[str, Any]
    repeat: bool = False
    """It answers a hidden repeat."""


@dataclass(frozen=True)
class Arrival:
    """What one file or message brings of one reader."""

    reader_id: int
    submitted: tuple[Submitted, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()
    still_there: StillThere | None = None


def seal(settings: Settings, arrivals: Sequence[Arrival]) -> Receipt:
    """Keeps the readings and withdrawals of one file or message, all or none; repeats change nothing."""
    blobs = blobs_of(settings)
    for arrival in arrivals:
        for item in arrival.submitted:
            blobs.put(regions_document.encode(item.regions))
    with open_session(settings) as session:
        in_turn = sorted(arrivals, key=lambda arrival: arrival.reader_id)
        return sum((_seal_one(session, arrival) for arrival in in_turn), Receipt())


def _seal_one(session: Session, arrival: Arrival) -> Receipt:
    reader_id = arrival.reader_id
    # one writer per reader, so that two arrivals at once cannot both believe they are the newest
    session.execute(select(Reader.id).where(Reader.id == reader_id).with_for_update())
    concerned = note_withdrawals(session, reader_id, arrival.taken_back, arrival.still_there)
    images = {item.image_id for item in arrival.submitted} | images_of_annotations(session, reader_id, concerned)
    before = _counting_ids(session, reader_id, images)
    new = sum(_add_row(session, reader_id, item) for item in arrival.submitted)
    settle(session, reader_id, images)
    changed = {image_id for image_id, _ in before ^ _counting_ids(session, reader_id, images)}
    return Receipt(new, len(arrival.submitted) - new, changed=frozenset(changed))


def is_known(session: Session, reader_id: int, image_id: int, origin: Origin) -> bool:
    """Whether this submission was sealed for this image before."""
    chosen = select(Reading.id).where(
        Reading.reader_id == reader_id, Reading.image_id == image_id, Reading.origin == str(origin)
    )
    return session.scalars(chosen).first() is not None


def _add_row(session: Session, reader_id: int, item: Submitted) -> bool:
    if is_known(session, reader_id, item.image_id, item.origin):
        return False
    session.add(_row(session, reader_id, item))
    session.flush()
    return True


def _row(session: Session, reader_id: int, item: Submitted) -> Reading:
    shown_model = _shown_model(session, reader_id, item)
    return Reading(
        reader_id=reader_id,
        image_id=item.image_id,
        origin=str(item.origin),
        arrived_sha256=item.arrived_sha256,
        regions_sha256=hashlib.sha256(regions_document.encode(item.regions)).hexdigest(),
        certificate=item.certificate,
        exposure=_exposure(item.regions, shown_model),
        shown_model=shown_model,
        exclusion=item.exclusion,
        repeat=item.repeat,
        submitted=item.origin.submitted.astimezone(UTC),
        seconds=item.seconds,
    )


def _shown_model(session: Session, reader_id: int, item: Submitted) -> str | None:
    """Whose outlines lay before the reader, on an assignment that was taken back since as well."""
    chosen = (
        select(Assignment.shown_model)
        .join(Image, Image.study_id == Assignment.study_id)
        .where(Assignment.reader_id == reader_id, Image.id == item.image_id, Assignment.shown_model.is_not(None))
        .where((Assignment.purpose == "repeat") == item.repeat)
    )
    return session.scalars(chosen).first()


def _exposure(regions: Iterable[Region], shown_model: str | None) -> Exposure:
    """What the reader in fact saw first; outlines that a model drew betray it even where nothing was noted."""
    assisted = shown_model is not None or any(region.suggested for region in regions)
    return "assisted" if assisted else "blind"


def _counting_ids(session: Session, reader_id: int, image_ids: Collection[int]) -> set[tuple[int, int]]:
    chosen = counting().where(Reading.reader_id == reader_id, Reading.image_id.in_(image_ids))
    return {(reading.image_id, reading.id) for reading in session.scalars(chosen)}
