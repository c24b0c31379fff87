"""A study as its sealed readings leave it: who read what, and the reference that stands on them.

Agreement and adjudication look at a study through this one door, so both see the same two readings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import NotFound
from backend.records import Exposure, LabelMasks, Projection
from backend.settings import Settings
from backend.store.blobs import BlobStore, blobs_of
from backend.store.readings import counting_readings, reading_masks
from backend.store.session import open_session
from backend.store.tables import Image, Reading, Reference, Study


@dataclass(frozen=True, eq=False)
class SealedReading:
    """One counting reading; `exclusion` is the reader's reason where the image cannot be read."""

    reading_id: int
    reader: str
    exposure: Exposure
    exclusion: str | None
    masks: LabelMasks


@dataclass(frozen=True, eq=False)
class SealedImage:
    """One projection, its counting readings in the order of `counting`, and the reference that stands on them.

    `reference_rule` is the rule that made it by itself, None where a physician decided.
    """

    image_id: int
    patient: str
    study: str
    projection: Projection
    readings: tuple[SealedReading, ...]
    reference_id: int | None = None
    reference_status: str | None = None
    reference_rule: str | None = None

    @property
    def pair(self) -> tuple[SealedReading, SealedReading] | None:
        """The two readings that make the reference: those of the two lowest reader numbers, of the two asked first."""
        return (self.readings[0], self.readings[1]) if len(self.readings) > 1 else None


def current_reference(session: Session, image_id: int) -> Reference | None:
    """The newest reference of an image, if the readings it stands on are still those that count."""
    newest = select(Reference).where(Reference.image_id == image_id).order_by(Reference.id.desc()).limit(1)
    reference = session.scalars(newest).first()
    if reference is None or stands(reference, []):
        return reference
    return reference if stands(reference, [reading.id for reading in counting_readings(session, image_id)]) else None


def stands(reference: Reference, counting_ids: Sequence[int]) -> bool:
    """Whether a reference stands on readings that count now, or on no reading at all.

    One made from two stands on the first two that count; one made by a rule over three or more, on all of them.
    """
    made_from = [reference.reading_a, reference.reading_b]
    if reference.further_readings:
        return [*made_from, *reference.further_readings] == list(counting_ids)
    return made_from == [None, None] or made_from == list(counting_ids[:2])


def made_by_rule(reference: Reference | None) -> str | None:
    """The rule that made a reference by itself; None where a physician decided, or where there is none."""
    return reference.rule if reference is not None and reference.decided_by is None else None


def sealed_study(
    settings: Settings, study_id: int, chosen: Mapping[int, Sequence[int]] | None = None
) -> tuple[SealedImage, ...]:
    """The projections of one study, their readings drawn as masks.

    Args:
        chosen: ids of readings by image, to see the study as it once was; the readings that count now where None.

    Raises:
        NotFound: no study has that id, or a blob is missing.
    """
    with open_session(settings) as session:
        study = session.get(Study, study_id)
        if study is None:
            raise NotFound(f"study {study_id} does not exist")
        found = [_rows(session, image, chosen) for image in study.images]
        patient, identifier = study.patient.pseudonym, study.identifier
    blobs = blobs_of(settings)
    return tuple(
        SealedImage(
            image.id,
            patient,
            identifier,
            cast(Projection, image.projection),
            tuple(_drawn(blobs, reading, reader) for reading, reader in readings),
            reference.id if reference else None,
            reference.status if reference else None,
            made_by_rule(reference),
        )
        for image, readings, reference in found
    )


def sealed_studies(settings: Settings) -> Iterator[tuple[SealedImage, ...]]:
    """Every study in the order of arrival, one at a time in memory."""
    with open_session(settings) as session:
        ids = list(session.scalars(select(Study.id).order_by(Study.id)))
    for study_id in ids:
        yield sealed_study(settings, study_id)


def calls_differ(study: tuple[SealedImage, ...], a: str, b: str) -> bool:
    """Whether of readers `a` and `b` one found a lesion in the study and the other none.

    Only projections that both of them could read take part.
    """
    readable = [
        {one.reader: one.masks.metastasis.any() for one in image.readings if not one.exclusion} for image in study
    ]
    both = [found for found in readable if a in found and b in found]
    return any(found[a] for found in both) != any(found[b] for found in both)


def study_of(settings: Settings, image_id: int) -> int:
    """Raises: NotFound: no image has that id."""
    with open_session(settings) as session:
        image = session.get(Image, image_id)
        if image is None:
            raise NotFound(f"image {image_id} does not exist")
        return image.study_id


_Rows = tuple[Image, list[tuple[Reading, str]], Reference | None]


def _rows(session: Session, image: Image, chosen: Mapping[int, Sequence[int]] | None) -> _Rows:
    if chosen is None:
        readings = counting_readings(session, image.id)
    else:
        readings = [session.get_one(Reading, reading_id) for reading_id in chosen.get(image.id, ())]
    return image, [(one, one.reader.name) for one in readings], current_reference(session, image.id)


def _drawn(blobs: BlobStore, reading: Reading, reader: str) -> SealedReading:
    exposure = cast(Exposure, reading.exposure)
    return SealedReading(reading.id, reader, exposure, reading.exclusion, reading_masks(blobs, reading))
