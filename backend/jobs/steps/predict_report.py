"""`scintiloop predict`: predictions of files, collected as one document and written in the form asked for."""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from backend.jobs.steps.predict_files import FilePrediction, document, predict_files
from backend.labelstudio.layout import image_name, label_control
from backend.promotion.registry import champion
from backend.scans.windows import render
from backend.settings import Settings
from backend.store.folders import check_new, new_folder
from backend.store.images import encode_png, rendering_name
from backend.store.session import open_session
from converters.label_studio import to_results
from converters.labelme import write_labelme
from converters.rasterise import draw
from converters.regions import Region

Target = tuple[str, Path]
"""Kind of file and folder."""
BURDEN_TABLE = "burden.csv"
BURDEN_COLUMNS = ("patient", "study", "bstbi", "lesion_area_cm2", "lesions", "sub_images", "complete")

Files = dict[str, bytes]
"""Content by name."""


def predict_report(
    settings: Settings, paths: Iterable[Path], studies_csv: Path | None = None, target: Target | None = None
) -> dict[str, Any]:
    """Predicts files; returns the document of `scintiloop predict` and writes `target`, whole or not at all.

    Raises:
        NotFound: no model serves yet.
        Refused: the target folder holds something already.
    """
    if target:
        check_new(target[1])
    found: list[FilePrediction] = []
    errors: list[dict[str, str]] = []
    for one in predict_files(settings, paths, studies_csv):
        if isinstance(one, FilePrediction):
            found.append(one)
        else:
            errors.append(one)
    result = document(_champion(settings), found, errors)
    if target:
        kind, directory = target
        with new_folder(directory) as folder:
            if kind == "csv":
                (folder / BURDEN_TABLE).write_text(_burden_table(result), encoding="utf-8")
            for one in found if kind in WRITERS else ():
                errors += _write(one, kind, folder)
    return result


def _champion(settings: Settings) -> str:
    with open_session(settings) as session:
        serving = champion(session)
    return serving.id if serving else ""


def _write(one: FilePrediction, kind: str, folder: Path) -> list[dict[str, str]]:
    """Writes the files of one projection, in the folders in which its image lies below what the user named."""
    place = folder / PurePosixPath(one.scan.names[0]).parent
    place.mkdir(parents=True, exist_ok=True)
    files = {place / name: content for name, content in WRITERS[kind](one).items()}
    if taken := [file.name for file in files if file.exists()]:
        message = f"{taken[0]} is written already for another file of that name; predict this one on its own"
        return [{"file": one.file, "error": message}]
    for file, content in files.items():
        file.write_bytes(content)
    return []


def _suggestions(one: FilePrediction) -> tuple[Region, ...]:
    """Marked as a model's, so that a reading made from them counts as assisted."""
    return tuple(replace(region, suggested=True) for region in one.regions)


def _labelme(one: FilePrediction) -> Files:
    """With the picture that Labelme shows: the file itself, or a rendering of the counts that it holds."""
    rows, columns = one.size
    image, picture = Path(one.file).name, None
    if one.scan.counts is not None:
        image, picture = rendering_name(image, one.scan.projection), encode_png(render(one.scan.counts)["low"])
    outlines = write_labelme(_suggestions(one), image, rows, columns)
    return {f"{_stem(one)}.json": outlines, image: picture or one.scan.paths[0].read_bytes()}


def _label_studio(one: FilePrediction) -> Files:
    rows, columns = one.size
    to_name = image_name(one.scan.projection, "low")
    result = to_results(
        _suggestions(one), from_name=label_control(one.scan.projection), to_name=to_name, rows=rows, columns=columns
    )
    prediction = {"model_version": one.prediction.model, "result": result}
    task = {"data": {to_name: Path(one.file).name}, "predictions": [prediction]}
    return {f"{_stem(one)}.json": json.dumps([task]).encode()}


def _masks(one: FilePrediction) -> Files:
    masks = draw(one.regions, one.size).disjoint()
    return {f"{_stem(one)}.{label}.png": encode_png(mask.astype(np.uint8) * 255) for label, mask in masks.items()}


WRITERS: dict[str, Callable[[FilePrediction], Files]] = {
    "labelme": _labelme,
    "label-studio": _label_studio,
    "masks": _masks,
}


def _stem(one: FilePrediction) -> str:
    """Two projections may come in one file, so the projection is part of the name."""
    return f"{Path(one.file).stem}.{one.scan.projection}"


def _burden_table(result: dict[str, Any]) -> str:
    text = StringIO()
    table = csv.DictWriter(text, BURDEN_COLUMNS)
    table.writeheader()
    for study in result["studies"]:
        table.writerow({"patient": study["patient"], "study": study["study"]} | study["burden"])
    return text.getvalue()
