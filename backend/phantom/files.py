"""A cohort on disk: scans, renderings, lists, truth and the readers' files."""

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.errors import InputError
from backend.labelstudio.layout import STUDY_KEY, image_name
from backend.labelstudio.results import study_results
from backend.phantom.cohort import PhantomStudy, cohort
from backend.phantom.dicom import dicom_bytes
from backend.phantom.preset import Preset
from backend.phantom.readers import read
from backend.records import PROJECTIONS, WINDOWS, Projection, SubImage, Window
from converters.grid import GRID_COLUMNS, GRID_ROWS
from converters.labelme import write_labelme
from converters.regions import LABELS, Mask, Region

Render = Callable[[NDArray[np.float32]], dict[Window, SubImage]]
Reading = dict[Projection, tuple[Region, ...]]

COLUMNS = (
    "patient", "study", "date", "projection", "window", "file", "polarity", "pixel_mm",
    "age", "sex", "primary", "site", "metastasis",
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """Which cohort to write, and by how many readers it is read (blind)."""

    preset: Preset
    studies: int
    seed: int
    readers: int = 2


def write_cohort(
    directory: Path, order: Order, render: Render, written: Callable[[PhantomStudy], None] | None = None
) -> dict[str, object]:
    """Writes the whole cohort, or nothing.

    `studies.csv` lists the renderings (the files that the readers' files name), `dicom.csv` the DICOM files of the
    same studies; ingest one of the two.

    Args:
        directory: must not exist, or be empty.
        render: the product's own windows of a projection's counts.
        written: called with each study once its files are there.

    Returns:
        Preset, digest, seed, studies, patients, readers and directory, as `cohort.json` holds them.

    Raises:
        InputError: the folder holds files already, or the order makes no sense.
    """
    _check(directory, order)
    partial = directory.with_name(f".{directory.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        summary = _write_all(partial, order, render, written)
        if directory.exists():
            directory.rmdir()
        partial.rename(directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return summary | {"directory": str(directory)}


def _check(directory: Path, order: Order) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError("is not empty; name a new folder", source=str(directory))
    if order.studies < 1:
        raise InputError(f"{order.studies} studies cannot be made; ask for at least 1", field="studies")
    if order.readers < 0:
        raise InputError(f"{order.readers} readers cannot read; ask for 0 or more", field="readers")
    if order.seed < 0:
        raise InputError(f"{order.seed} is no seed; give 0 or a larger whole number", field="seed")


def _write_all(
    folder: Path, order: Order, render: Render, written: Callable[[PhantomStudy], None] | None
) -> dict[str, object]:
    renderings: list[dict[str, object]] = []
    scans: list[dict[str, object]] = []
    tasks: list[list[dict[str, object]]] = [[] for _ in range(order.readers)]
    for number, study in enumerate(cohort(order.preset, order.studies, order.seed), 1):
        _write(folder / f"dicom/{study.visit.study}.dcm", dicom_bytes(study))
        scans += [_row(study, projection, None) for projection in PROJECTIONS]
        renderings += [_row(study, projection, window) for projection in PROJECTIONS for window in WINDOWS]
        _write_images(folder, study, render)
        for reader, exported in enumerate(tasks):
            reading = read(study, reader, order.seed)
            exported.append(_task(study, reading, number, reader))
            _write_labelme(folder / f"readers/reader-{reader + 1}/labelme", study, reading)
        if written:
            written(study)
    for reader, exported in enumerate(tasks):
        _write(folder / f"readers/reader-{reader + 1}/label-studio.json", _json(exported))
    _write(folder / "studies.csv", _csv(renderings))
    _write(folder / "dicom.csv", _csv(scans))
    summary: dict[str, object] = {
        "preset": order.preset.name,
        "digest": order.preset.digest(),
        "seed": order.seed,
        "studies": order.studies,
        "patients": len({row["patient"] for row in scans}),
        "readers": order.readers,
    }
    _write(folder / "cohort.json", _json(summary))
    return summary


def rendering_name(study: str, projection: Projection, window: Window) -> str:
    return f"images/{study}_{projection}_{window}.png"


def _write_images(folder: Path, study: PhantomStudy, render: Render) -> None:
    for projection, image in study.projections.items():
        for window, pixels in render(image.counts.astype(np.float32)).items():
            _write(folder / rendering_name(study.visit.study, projection, window), _png(pixels))
        for label in LABELS:
            path = folder / f"truth/{study.visit.study}_{projection}.{label}.png"
            _write(path, _png(_black_and_white(image.truth[label])))


def _row(study: PhantomStudy, projection: Projection, window: Window | None) -> dict[str, object]:
    visit = study.visit
    name = f"dicom/{visit.study}.dcm" if window is None else rendering_name(visit.study, projection, window)
    return {
        "patient": visit.patient,
        "study": visit.study,
        "date": visit.date.isoformat() if visit.date else "",
        "projection": projection,
        "window": window or "",
        "file": name,
        "polarity": "dark-hot" if window else "",
        "pixel_mm": study.projections[projection].pixel_mm,
        "age": visit.age,
        "sex": visit.sex,
        "primary": visit.primary,
        "site": visit.site,
        "metastasis": int(bool(visit.metastasis)),
    }


def _write_labelme(folder: Path, study: PhantomStudy, reading: Reading) -> None:
    for projection, regions in reading.items():
        image = f"../../../{rendering_name(study.visit.study, projection, 'low')}"
        content = write_labelme(regions, image, GRID_ROWS, GRID_COLUMNS)
        _write(folder / f"{study.visit.study}_{projection}.json", content)


def _task(study: PhantomStudy, reading: Reading, number: int, reader: int) -> dict[str, object]:
    """One task of a Label Studio export, with this reader's annotation."""
    shown = {
        image_name(projection, window): f"/data/local-files/?d={rendering_name(study.visit.study, projection, window)}"
        for projection in PROJECTIONS
        for window in WINDOWS
    }
    results = study_results(reading)
    day = f"{study.visit.date}T12:00:00.000000Z"
    annotation = {
        "id": number,
        "completed_by": reader + 1,
        "result": results,
        "was_cancelled": False,
        "created_at": day,
        "updated_at": day,
        "lead_time": 60.0 + 12.0 * len(results),
    }
    return {"id": number, "data": {**shown, STUDY_KEY: study.visit.study}, "annotations": [annotation]}


def _black_and_white(mask: Mask) -> SubImage:
    return np.where(mask, 255, 0).astype(np.uint8)


def _png(pixels: SubImage) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def _csv(rows: Iterable[dict[str, object]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def _json(content: object) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
