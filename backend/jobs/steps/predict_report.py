"""`scintiloop predict`: predictions of files, collected as one document and written in the form asked for."""

import csv
import json
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from backend.errors import Refused
from backend.jobs.steps.predict_files import FilePrediction, document, predict_files
from backend.jobs.steps.predict_stored import champion_version
from backend.labelstudio.layout import image_name, label_control
from backend.settings import Settings
from backend.store.images import encode_png
from converters.label_studio import to_results
from converters.labelme import write_labelme
from converters.rasterise import draw

Target = tuple[str, Path]
"""Kind of file and folder."""
BURDEN_COLUMNS = ("patient", "study", "bstbi", "lesion_area_cm2", "lesions", "sub_images", "complete")


def predict_report(
    settings: Settings, paths: Iterable[Path], studies_csv: Path | None = None, target: Target | None = None
) -> dict[str, Any]:
    """Predicts files; returns the document of `scintiloop predict` and writes `target` where asked for.

    Raises:
        NotFound: no model serves yet.
        Refused: the target folder holds something already.
    """
    if target and target[1].exists() and any(target[1].iterdir()):
        raise Refused(f"{target[1]} is not empty; name a new folder")
    found: list[FilePrediction] = []
    errors: list[dict[str, str]] = []
    for one in predict_files(settings, paths, studies_csv):
        if isinstance(one, FilePrediction):
            found.append(one)
        else:
            errors.append(one)
    result = document(champion_version(settings), found, errors)
    if target:
        kind, folder = target
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "csv":
            (folder / "burden.csv").write_text(_burden_table(result), encoding="utf-8")
        for one in found:
            for name, content in WRITERS[kind](one).items():
                (folder / name).write_bytes(content)
    return result


def _labelme(one: FilePrediction) -> dict[str, bytes]:
    rows, columns = one.size
    image = Path(one.file).name
    return {f"{_stem(one)}.json": write_labelme(one.regions, image, rows, columns)}


def _label_studio(one: FilePrediction) -> dict[str, bytes]:
    rows, columns = one.size
    to_name = image_name(one.scan.projection, "low")
    result = to_results(
        one.regions, from_name=label_control(one.scan.projection), to_name=to_name, rows=rows, columns=columns
    )
    prediction = {"model_version": one.prediction.model, "result": result}
    task = {"data": {to_name: Path(one.file).name}, "predictions": [prediction]}
    return {f"{_stem(one)}.json": json.dumps([task]).encode()}


def _masks(one: FilePrediction) -> dict[str, bytes]:
    masks = draw(one.regions, one.size).disjoint()
    return {f"{_stem(one)}.{label}.png": encode_png(mask.astype(np.uint8) * 255) for label, mask in masks.items()}


def _nothing(_one: FilePrediction) -> dict[str, bytes]:
    return {}


WRITERS: dict[str, Callable[[FilePrediction], dict[str, bytes]]] = {
    "labelme": _labelme,
    "label-studio": _label_studio,
    "masks": _masks,
    "csv": _nothing,
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
