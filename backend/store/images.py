"""Stored projections: their sub-images and counts as arrays, and which one a reader's file means by a name."""

import io
import unicodedata
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.records import WINDOWS, GridImage, Projection, SubImage, Window
from backend.settings import Settings
from backend.store.blobs import BlobStore
from backend.store.secrets import keyed_digest
from backend.store.tables import Image, ImageName
from converters.grid import GridTransform


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """`(rows, columns)` uint8 as a grey PNG."""
    target = io.BytesIO()
    Picture.fromarray(pixels).save(target, format="PNG")
    return target.getvalue()


def decode_png(content: bytes) -> NDArray[np.uint8]:
    """A grey PNG of ours as `(rows, columns)` uint8."""
    with Picture.open(io.BytesIO(content), formats=["PNG"]) as picture:
        return np.array(picture, dtype=np.uint8)


def encode_counts(counts: NDArray[np.float32]) -> bytes:
    """`(rows, columns)` float32 as .npy."""
    target = io.BytesIO()
    np.save(target, counts.astype("<f4"), allow_pickle=False)
    return target.getvalue()


def load_counts(blobs: BlobStore, image: Image) -> NDArray[np.float32] | None:
    """The counts in the source's own pixels, None where only renderings came."""
    if image.counts_sha256 is None:
        return None
    counts: NDArray[Any] = np.load(io.BytesIO(blobs.get(image.counts_sha256)), allow_pickle=False)
    return counts.astype(np.float32)


def load_sub_images(blobs: BlobStore, image: Image) -> dict[Window, SubImage]:
    """The sub-images that the projection has, on the grid.

    Raises:
        NotFound: a blob is missing.
    """
    hashes = {"low": image.low_sha256, "high": image.high_sha256}
    return {window: decode_png(blobs.get(sha256)) for window in WINDOWS if (sha256 := hashes[window]) is not None}


def load_grid_image(blobs: BlobStore, image: Image) -> GridImage:
    """The projection as `scans` made it: sub-images, the way back to the source, mm per grid pixel."""
    transform = GridTransform.fit(image.rows, image.columns)
    pixel_mm = None if image.pixel_mm is None else image.pixel_mm / transform.scale
    return GridImage(load_sub_images(blobs, image), transform, pixel_mm)


def normal_name(name: str) -> str:
    """A file's name as all systems write it: `/` between parts, no leading `./`, composed characters, case kept."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    return "/".join(part for position, part in enumerate(parts) if part != "." and (part or position == 0))


def rendering_name(source: str, projection: Projection) -> str:
    """What the picture of one projection in a file of counts is called, so that a reader's file can name it."""
    return f"{PurePosixPath(normal_name(source)).stem}.{projection}.png"


def name_digest(settings: Settings, name: str) -> str:
    """The keyed hash under which an image's name is kept and looked up."""
    return keyed_digest(settings, "image-name", normal_name(name))


def find_images(session: Session, settings: Settings, name: str) -> list[tuple[Image, str]]:
    """The images that `name` may mean, each with its space (`grid` or `source`): by the whole path first, and only
    where that is unknown by its last component. Empty = unknown, several = ambiguous."""
    last = normal_name(name).rsplit("/", maxsplit=1)[-1]
    return _named(session, name_digest(settings, name)) or _named(session, name_digest(settings, last))


def _named(session: Session, digest: str) -> list[tuple[Image, str]]:
    found = select(Image, ImageName.space).join(ImageName, ImageName.image_id == Image.id)
    rows = session.execute(found.where(ImageName.digest == digest).order_by(Image.id))
    return [(image, space) for image, space in rows]
