"""Drawn images → Label Studio's JSON: results for pre-annotations, and tasks to import."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from converters.drawn import DrawnImage
from converters.label_studio_shapes import CONTROLS, Written, outline, shapes_of, shapes_of_mark
from converters.regions import Kept, Mark, Region
from converters.results import Size
from converters.seams import sew
from converters.trace import MAX_POINTS, polygons_of

Value = dict[str, Any]

IMAGE = "image"
"""The image tag, and the key of the task's data that holds the file."""
EXCLUSION = "exclusion"
"""The choice by which a reader calls the image unreadable."""

OF_THE_SERVER = (
    *("id", "task", "project", "result", "completed_by", "was_cancelled", "prediction", "import_id", "unique_id"),
    *("parent_prediction", "parent_annotation", "updated_by", "last_created_by", "comment_authors", "file_upload"),
    *("created_username", "created_ago"),
)
"""What a task or annotation says by numbers and names that only its own server knows, and what is written anew."""

HELD_APART = ("from_name", "further", "value", "image_rotation", "origin")


def to_results(
    regions: Iterable[Region], *, from_name: str, to_name: str, rows: int, columns: int
) -> list[dict[str, object]]:
    """Regions as Label Studio polygons for the control `from_name` on the image tag `to_name`.

    Holes are sewn to the outline, painted regions become their exact outlines. The identifiers depend on nothing but
    the regions (a region keeps its own); `score` and `origin` are carried.
    """
    size = (rows, columns)
    taken: Counter[str] = Counter()
    results: list[dict[str, object]] = []
    for region in regions:
        for polygon in polygons_of(region):
            written = Written("polygon", outline(sew(polygon), size))
            entry = _entry(written, region.label, size, to_name)
            entry |= _told(region) | {"from_name": from_name, "id": _identifier(region, entry, taken)}
            results.append(entry)
    return results


def task_of(
    drawn: DrawnImage, *, max_points: int | None = MAX_POINTS, as_prediction: bool = False
) -> dict[str, object]:
    """The drawn image as a task that Label Studio imports, for a project with `labelling_config`.

    What the image was read with from Label Studio besides goes along. The task's `meta` says the image's size, which
    nothing else does where there are no findings. The reader's number is written as
    `completed_by`: Label Studio refuses the import where it has no such user.

    Args:
        drawn: the image.
        max_points: of an outline; None keeps all.
        as_prediction: as a suggestion, not as a reader's annotation.
    """
    ours = drawn.origin.format == "label-studio"
    kept: Kept = drawn.kept if ours else {}
    result = _Result(drawn, max_points, ours).entries()
    data = {**kept.get("data", {}), IMAGE: kept.get("reference", drawn.image)}
    task = {"data": data, **_without_numbers(kept.get("task", {}))}
    rows, columns = drawn.shape
    if isinstance(task.get("meta") or {}, dict):
        task["meta"] = {**(task.get("meta") or {}), "original_width": columns, "original_height": rows}
    if as_prediction:
        return task | {"predictions": [_prediction(drawn, result)]}
    annotation: Value = {"ground_truth": False, **_without_numbers(kept.get("annotation", {}))}
    annotation |= {"result": result, "was_cancelled": False}
    if drawn.reader is not None and drawn.reader.isdecimal():
        annotation["completed_by"] = int(drawn.reader)
    return task | {"annotations": [annotation]}


def _without_numbers(said: Mapping[str, Any]) -> Value:
    return {key: value for key, value in said.items() if key not in OF_THE_SERVER}


def _prediction(drawn: DrawnImage, result: list[Value]) -> Value:
    scores = [region.score for region in drawn.regions if region.score is not None]
    score = {"score": sum(scores) / len(scores)} if scores else {}
    return {"result": result, "model_version": drawn.reader or "converted", **score}


class _Result:
    """The entries of one image, ids unique among them."""

    def __init__(self, drawn: DrawnImage, max_points: int | None, keeps: bool) -> None:
        self.drawn = drawn
        self.max_points = max_points
        self.keeps = keeps
        self.taken: Counter[str] = Counter()
        self.groups: dict[object, list[str]] = {}
        self.ids: dict[str, str] = {}

    def entries(self) -> list[Value]:
        listed: list[Value] = []
        for region in self.drawn.regions:
            listed += self._written(region, shapes_of(region, self.drawn.shape, self.max_points))
        for mark in self.drawn.marks:
            listed += self._written(mark, shapes_of_mark(mark, self.drawn.shape))
        return [*listed, *self._said(), *self._relations()]

    def _written(self, shape: Region | Mark, pieces: list[Written]) -> Iterator[Value]:
        kept: Kept = shape.kept if self.keeps else {}
        group = (type(shape), shape.label, shape.group if shape.group is not None else f"pieces {len(self.taken)}")
        for number, written in enumerate(pieces):
            entry = _entry(written, shape.label, self.drawn.shape, IMAGE)
            entry |= _told(shape) if isinstance(shape, Region) else {}
            entry |= {key: said for key, said in kept.items() if key not in HELD_APART}
            entry |= {key: kept[key] for key in ("image_rotation", "origin") if key in kept}
            further = kept.get("value", {})
            width = {"width": further["width"]} if written.kind == "keypoint" and "width" in further else {}
            entry["value"] = {**further, **entry["value"], **width}
            entry["id"] = _identifier(shape, entry, self.taken)
            self.groups.setdefault(group, []).append(entry["id"])
            if shape.identifier is not None:
                self.ids.setdefault(shape.identifier, entry["id"])
            yield entry
            if number == 0:
                yield from (_further(entry, written, said) for said in kept.get("further", ()))

    def _said(self) -> Iterator[Value]:
        if self.drawn.exclusion is not None:
            value = {"choices": [self.drawn.exclusion]}
            yield {"id": EXCLUSION, "from_name": EXCLUSION, "to_name": IMAGE, "type": "choices", "value": value}
        for said in self.drawn.kept.get("said", ()) if self.keeps else ():
            yield {key: one for key, one in said.items() if key != "item_index"} | {"to_name": IMAGE}

    def _relations(self) -> Iterator[Value]:
        kept = [
            {**one, "from_id": self.ids[one["from_id"]], "to_id": self.ids[one["to_id"]]}
            for one in (self.drawn.kept.get("relations", ()) if self.keeps else ())
            if one.get("from_id") in self.ids and one.get("to_id") in self.ids
        ]
        yield from kept
        told = {frozenset((one["from_id"], one["to_id"])) for one in kept if one.get("direction") == "bi"}
        for members in self.groups.values():
            for first, second in pairwise(members):
                if frozenset((first, second)) not in told:
                    yield {"type": "relation", "from_id": first, "to_id": second, "direction": "bi"}


def _entry(written: Written, label: str, size: Size, to_name: str) -> Value:
    labelled = {f"{written.kind}labels": [label]} if label else {}
    return {
        "from_name": CONTROLS[written.kind],
        "to_name": to_name,
        "type": f"{written.kind}labels",
        "origin": "manual",
        "original_width": size[1],
        "original_height": size[0],
        "image_rotation": 0,
        "value": {**written.value, **labelled},
    }


def _told(region: Region) -> Value:
    told: Value = {"origin": "prediction" if region.suggested else "manual"}
    return told if region.score is None else told | {"score": region.score}


def _further(entry: Value, written: Written, said: Mapping[str, Any]) -> Value:
    """What was said of a shape, on the shape again."""
    shared = ("id", "to_name", "origin", "original_width", "original_height", "image_rotation")
    return {key: entry[key] for key in shared} | {**said, "value": {**written.value, **said["value"]}}


def _identifier(shape: Region | Mark, entry: Value, taken: Counter[str]) -> str:
    """The shape's own, if it is one in Label Studio, where `#` ends it; else one that depends on nothing else."""
    place = entry["value"].get("points", entry["value"])
    identifier = shape.identifier or ""
    if not identifier or "#" in identifier:
        identifier = _digest(entry["to_name"], shape.label, place)
    wanted = identifier
    while identifier in taken:
        identifier = _digest(entry["to_name"], wanted, place, taken[wanted])
        taken[wanted] += 1
    taken[identifier] += 1
    return identifier


def _digest(*said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:10]
