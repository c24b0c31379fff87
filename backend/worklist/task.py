"""One study as a Label Studio task: its data, and the image files that must lie in the reader's folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from backend.labelstudio.layout import NO_IMAGE, STUDY_KEY, file_name, image_name
from backend.records import PROJECTIONS, WINDOWS, Projection, Window
from backend.store.blobs import BlobStore
from backend.store.tables import Image, Study
from converters.grid import GRID_SHAPE


@dataclass(frozen=True)
class StudyTask:
    """`data` is Label Studio's task data; `files` maps file names to the blobs they hold (None: the blank image)."""

    data: dict[str, str]
    files: dict[str, str | None]


def study_task(study: Study, token: str, folder: str) -> StudyTask:
    """The task of one study.

    A projection rendered once shows the same rendering in both windows; one that was never scanned shows the blank
    image, because Label Studio refuses a task that lacks one of its images.

    Args:
        study: with its images loaded.
        token: the name under which the reader gets it.
        folder: the reader's folder below Label Studio's document root, `/` as separator.
    """
    images = {image.projection: image for image in study.images}
    data, files = {STUDY_KEY: token}, dict[str, str | None]()
    for projection in PROJECTIONS:
        for window in WINDOWS:
            image = images.get(projection)
            name = file_name(token, projection, window) if image else NO_IMAGE
            files[name] = window_blob(image, window) if image else None
            data[image_name(projection, window)] = f"/data/local-files/?d={folder}/{name}"
    return StudyTask(data, files)


def image_file(token: str, image: Image, window: Window) -> str:
    """File name of one of the image's sub-images on a worklist."""
    projection: Projection = "anterior" if image.projection == "anterior" else "posterior"
    return file_name(token, projection, window)


def window_blob(image: Image, window: Window) -> str | None:
    """The blob of a window's rendering, or of the only one there is."""
    low, high = image.low_sha256, image.high_sha256
    return (low or high) if window == "low" else (high or low)


def write_files(blobs: BlobStore, files: Iterable[tuple[str, str | None]], directory: Path) -> None:
    """Writes the image files that `directory` lacks, each whole or not at all.

    Raises:
        NotFound: a blob is missing.
    """
    for name, sha256 in files:
        target = directory / name
        if not target.exists():
            partial = target.with_name(f".{name}.partial")
            partial.write_bytes(blobs.get(sha256) if sha256 else blank_png())
            partial.replace(target)


@cache
def blank_png() -> bytes:
    """A (1024, 256) uint8 image without any uptake (255 = none)."""
    stream = BytesIO()
    Picture.fromarray(np.full(GRID_SHAPE, 255, dtype=np.uint8)).save(stream, format="PNG")
    return stream.getvalue()
