"""What agreement is measured of, fetched for all images in a few queries: readings, the reference, the scan's size."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.records import Window
from backend.store.readings import reader_order, standing
from backend.store.sealed import stands
from backend.store.tables import Image, Patient, Reader, Reading, Reference, Study
from converters.grid import GridTransform

AnySelect = Select[*tuple[Any, ...]]
AT_ONCE = 500
"""Ids in one query: every database takes so many."""


@dataclass(frozen=True)
class ReadingRow:
    """A reading that stands; a hidden repeat too."""

    id: int
    reader: str
    number: int
    exposure: str
    exclusion: str | None
    repeat: bool
    sealed: datetime
    seconds: float | None
    shown_model: str | None
    regions_sha256: str


@dataclass(frozen=True)
class ReferenceRow:
    """The reference that stands; hashes of metastasis, bladder and ignored pixels, None where it is excluded."""

    id: int
    status: str
    readings: tuple[int, ...]
    masks: tuple[str | None, str | None, str | None]
    created: datetime


@dataclass(frozen=True)
class ImageRow:
    """A projection; `readings` count, in `reader_order`, `repeats` are hidden ones; `pixel_mm` is on the grid."""

    image_id: int
    study_id: int
    study: str
    token: str
    patient: str
    sequestered: bool
    control: bool | None
    projection: str
    pixel_mm: float | None
    sub_images: dict[Window, str]
    readings: tuple[ReadingRow, ...]
    repeats: tuple[ReadingRow, ...]
    reference: ReferenceRow | None

    @property
    def readable(self) -> tuple[ReadingRow, ...]:
        return tuple(reading for reading in self.readings if reading.exclusion is None)


def image_rows(session: Session, image_ids: Collection[int] | None = None) -> list[ImageRow]:
    """These images, or all, in the order of their studies' arrival."""
    readings = _readings(session, image_ids)
    references: dict[int, Reference] = {}
    for part in parts(select(Reference).order_by(Reference.id), Reference.image_id, image_ids):
        references |= {reference.image_id: reference for reference in session.scalars(part)}
    wanted = (
        select(Image, Study, Patient.pseudonym, Patient.sequestered)
        .join(Study, Image.study_id == Study.id)
        .join(Patient, Study.patient_id == Patient.id)
    )
    found = [row for part in parts(wanted, Image.id, image_ids) for row in session.execute(part).all()]
    found.sort(key=lambda row: (row[1].id, row[0].projection))
    return [_image(row, readings[row[0].id], references.get(row[0].id)) for row in found]


def by_study(rows: Sequence[ImageRow]) -> list[tuple[ImageRow, ...]]:
    """The projections of each study together, in the order given."""
    studies: dict[int, list[ImageRow]] = {}
    for row in rows:
        studies.setdefault(row.study_id, []).append(row)
    return [tuple(images) for images in studies.values()]


def _image(row: Any, readings: list[ReadingRow], reference: Reference | None) -> ImageRow:
    image, study, patient, sequestered = row
    counting = tuple(reading for reading in readings if not reading.repeat)
    hashes: dict[Window, str | None] = {"low": image.low_sha256, "high": image.high_sha256}
    scale = GridTransform.fit(image.rows, image.columns).scale
    return ImageRow(
        image.id,
        study.id,
        study.identifier,
        study.token,
        patient,
        sequestered,
        study.control,
        image.projection,
        None if image.pixel_mm is None else image.pixel_mm / scale,
        {window: sha256 for window, sha256 in hashes.items() if sha256 is not None},
        counting,
        tuple(reading for reading in readings if reading.repeat),
        _reference(reference, [reading.id for reading in counting]),
    )


def _reference(reference: Reference | None, counting: list[int]) -> ReferenceRow | None:
    if reference is None or not stands(reference, counting):
        return None
    made_from = (reference.reading_a, reference.reading_b, *(reference.further_readings or ()))
    return ReferenceRow(
        reference.id,
        reference.status,
        tuple(reading for reading in made_from if reading is not None),
        (reference.metastasis_sha256, reference.bladder_sha256, reference.ignored_sha256),
        reference.created,
    )


def _readings(session: Session, image_ids: Collection[int] | None) -> defaultdict[int, list[ReadingRow]]:
    """By image, in `reader_order`."""
    wanted = (
        select(
            Reading.image_id,
            Reading.id,
            Reader.name,
            Reader.number,
            Reading.exposure,
            Reading.exclusion,
            Reading.repeat,
            Reading.sealed,
            Reading.seconds,
            Reading.shown_model,
            Reading.regions_sha256,
        )
        .join(Reader)
        .where(*standing())
        .order_by(*reader_order(), Reading.id)
    )
    found: defaultdict[int, list[ReadingRow]] = defaultdict(list)
    for part in parts(wanted, Reading.image_id, image_ids):
        for image_id, *values in session.execute(part):
            found[image_id].append(ReadingRow(*values))
    return found


def parts(wanted: AnySelect, column: Any, ids: Collection[int] | None) -> Iterator[AnySelect]:
    """The query for these ids, in pieces."""
    if ids is None:
        yield wanted
        return
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), AT_ONCE):
        yield wanted.where(column.in_(ordered[start : start + AT_ONCE]))
