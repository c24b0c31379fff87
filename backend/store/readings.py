"""Which readings count, and their masks: one rule for agreement, references and data sets."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Exists, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.records import LabelMasks
from backend.store import regions_document
from backend.store.blobs import BlobStore
from backend.store.tables import Assignment, Image, Reader, Reading
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Region


def standing() -> tuple[ColumnElement[bool], ...]:
    """The newest of their reader, not withdrawn, made without knowing the reference; of each image at most one, and one
    hidden repeat."""
    return Reading.superseded_by.is_(None), Reading.withdrawn.is_(False), Reading.unblinded.is_(False)


def counting() -> Select[Reading]:
    """The readings that count, by image and in `reader_order`: those that stand and are no repeat. So a third reading
    never changes which two a reference was made from."""
    return (
        select(Reading)
        .join(Reader)
        .where(*standing(), Reading.repeat.is_(False))
        .order_by(Reading.image_id, *reader_order())
    )


def reader_order() -> tuple[Exists, InstrumentedAttribute[int]]:
    """The order of the readings of one image, of a query that joins `Reader`: by number, readers asked third last."""
    asked_third = (
        select(Assignment.id)
        .join(Image, Image.study_id == Assignment.study_id)
        .where(Image.id == Reading.image_id, Assignment.reader_id == Reading.reader_id, Assignment.purpose == "third")
        .correlate(Reading)
        .exists()
    )
    return asked_third, Reader.number


def counting_readings(session: Session, image_id: int) -> list[Reading]:
    """At most one reading per reader of this image, in the order of `counting`."""
    return list(session.scalars(counting().where(Reading.image_id == image_id)))


def read_images(session: Session, reader_id: int, image_ids: Iterable[int], *, repeat: bool = False) -> set[int]:
    """Those of the images that the reader has read, or read again as a hidden repeat."""
    chosen = select(Reading.image_id).where(*standing(), Reading.repeat.is_(repeat), Reading.reader_id == reader_id)
    return set(session.scalars(chosen.where(Reading.image_id.in_(list(image_ids)))))


def reading_regions(blobs: BlobStore, reading: Reading) -> tuple[Region, ...]:
    """The regions as drawn, in grid pixels.

    Raises:
        NotFound: the blob is missing.
    """
    return regions_document.decode(blobs.get(reading.regions_sha256))


def reading_masks(blobs: BlobStore, reading: Reading) -> LabelMasks:
    """Disjoint (1024, 256) bool masks of a reading: where labels overlap the bladder wins.

    Raises:
        NotFound: the blob is missing.
    """
    masks = draw(reading_regions(blobs, reading), GRID_SHAPE).disjoint()
    return LabelMasks(masks["metastasis"], masks["bladder"])
