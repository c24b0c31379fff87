"""The projections that `studies.csv` lists: renderings, raw counts, or DICOM files with their projection given."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from backend.errors import ScanError
from backend.records import Projection, ScanImage, SubImage, Visit, Window
from backend.scans.decoding import blaming, decode_counts
from backend.scans.dicom import frame_count, open_dicom, pixel_size
from backend.scans.identity import age_of, scan_date, sex_of
from backend.scans.pictures import read_picture
from backend.scans.studies_csv import ListedImage
from converters.projection import projection_of

DICOM_MAGIC = b"DICM"


def load_listed(images: Iterable[ListedImage]) -> Iterator[ScanImage | ScanError]:
    """One scan per listed projection, study by study; a projection that cannot be read is yielded as its error."""
    ordered = sorted(images, key=lambda image: (image.visit.patient, image.visit.study, image.projection))
    for _, of_study in groupby(ordered, key=lambda image: (image.visit.patient, image.visit.study)):
        rows = list(of_study)
        visit = _merged(rows)
        for _, of_projection in groupby(rows, key=lambda image: image.projection):
            try:
                yield _load([replace(image, visit=visit) for image in of_projection])
            except ScanError as error:
                yield error


def is_dicom(path: Path) -> bool:
    """Whether the file says so itself, whatever its name; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == DICOM_MAGIC
    except OSError:
        return False


def _merged(rows: list[ListedImage]) -> Visit:
    """What the study's rows say together; they do not contradict each other."""
    first, *others = (image.visit for image in rows)
    for other in others:
        first = replace(other, **{name: value for name, value in vars(first).items() if value is not None})
    return first


def _load(rows: list[ListedImage]) -> ScanImage:
    first = rows[0]
    if len(rows) > 1 and any(image.window is None for image in rows):
        raise ScanError(
            f"{first.projection} is listed with a window and without one; give both windows, or one image alone",
            source=first.source,
            field="window",
        )
    if is_dicom(first.path) or first.path.suffix.lower() == ".dcm":
        return _load_dicom(first)
    return _load_pictures(rows)


def _load_dicom(row: ListedImage) -> ScanImage:
    if row.window or row.polarity == "dark-hot":
        raise ScanError(
            "a DICOM file holds counts; leave window empty and polarity empty or bright-hot",
            source=row.source,
            field="window" if row.window else "polarity",
        )
    dataset, sha256 = open_dicom(row.path)
    with blaming(row.path):
        frame = _frame(row, [projection_of(dataset, frame) for frame in range(frame_count(dataset))])
        visit = replace(
            row.visit,
            date=row.visit.date or scan_date(dataset),
            age=age_of(dataset) if row.visit.age is None else row.visit.age,
            sex=row.visit.sex or sex_of(dataset),
        )
        pixel_mm = row.pixel_mm or pixel_size(dataset, row.path)
        counts = decode_counts(dataset, row.path)[frame]
    return ScanImage(visit, row.projection, counts, {}, pixel_mm, sha256, (row.name,), (row.path,))


def _frame(row: ListedImage, told: Sequence[Projection | None]) -> int:
    """Which frame a row means: the one it names, else the one that says so, else the only one."""
    if row.frame is not None and row.frame > len(told):
        raise ScanError(f"{row.frame}, but the file holds {len(told)}; correct it", source=row.source, field="frame")
    if row.frame is None and row.projection not in told and len(told) > 1:
        raise ScanError(
            "the file's two frames do not say which is which; add a column frame with 1 or 2",
            source=row.source,
            field="frame",
        )
    frame = told.index(row.projection) if row.frame is None and row.projection in told else (row.frame or 1) - 1
    if told[frame] not in (None, row.projection):
        raise ScanError(
            f"{row.projection}, but the file says {told[frame]}; correct the list",
            source=row.source,
            field="projection",
        )
    return frame


def _load_pictures(rows: list[ListedImage]) -> ScanImage:
    first = rows[0]
    pictures = [read_picture(row.path) for row in rows]
    if len({picture.pixels.shape for picture in pictures}) > 1:
        raise ScanError(
            "the two windows of one projection differ in size; render both from the same image",
            source=first.source,
            field="file",
        )
    if len({row.pixel_mm for row in rows if row.pixel_mm is not None}) > 1:
        raise ScanError("differs between the two windows; correct one", source=first.source, field="pixel_mm")
    counts, renderings = None, {}
    for row, picture in zip(rows, pictures, strict=True):
        if picture.is_counts:
            _check_counts(row)
            counts = picture.pixels.astype(np.float32)
        else:
            renderings[row.window or _SINGLE] = _dark_hot(picture.pixels.astype(np.uint8), row)
    pixel_mm = next((row.pixel_mm for row in rows if row.pixel_mm is not None), None)
    names, paths = tuple(row.name for row in rows), tuple(row.path for row in rows)
    return ScanImage(first.visit, first.projection, counts, renderings, pixel_mm, pictures[0].sha256, names, paths)


_SINGLE: Window = "low"
"""A single rendering stands where outlines are drawn."""


def _check_counts(row: ListedImage) -> None:
    if row.window is not None:
        raise ScanError(
            "an image of more than 8 bits is raw counts, not a rendering; leave window empty or save it with 8 bits",
            source=row.source,
            field="window",
        )
    if row.polarity == "dark-hot":
        raise ScanError(
            "raw counts are bright-hot (more counts, larger value); invert the image or save a rendering with 8 bits",
            source=row.source,
            field="polarity",
        )


def _dark_hot(pixels: SubImage, row: ListedImage) -> SubImage:
    return (255 - pixels).astype(np.uint8) if row.polarity == "bright-hot" else pixels
