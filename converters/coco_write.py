"""Drawn images → COCO's JSON: the entries of each image alone, then one document that numbers them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from converters.drawn import DrawnImage
from converters.rasterise import Drawing
from converters.regions import LABELS, Label, Mark, Mask, Region
from converters.rle import encode_coco

Entries = dict[str, Any]
"""Of one drawn image, plain JSON: `image`; `annotations` without numbers, each with its `label`; `marks`; `document`
and `categories`: what the source's document and its categories say besides.
"""


def coco_entries(drawn: DrawnImage, drawing: Drawing) -> Entries:
    """What one drawn image adds to a document.

    One annotation per region, or per group of regions, as drawn (labels may overlap), in the image's own pixels. Keys
    that a COCO source says besides go along. COCO's key points need a category with fixed names: marks are kept apart.
    """
    from_coco = drawn.origin.format == "coco"
    kept = dict(drawn.kept) if from_coco else {}
    document, categories = kept.pop("document", {}), kept.pop("categories", {})
    image = {"file_name": drawn.image, "width": drawn.columns, "height": drawn.rows, "annotator": drawn.reader}
    if drawn.exclusion is not None:
        image["exclusion"] = drawn.exclusion
    if drawn.remarks:
        image["remarks"] = list(drawn.remarks)
    annotations = [
        {"annotator": drawn.reader}
        | _annotation([drawn.regions[index] for index in parts], _mask(drawn, drawing, parts), from_coco=from_coco)
        for parts in _instances(drawn.regions)
    ]
    marks = [{"annotator": drawn.reader} | _mark(mark, from_coco=from_coco) for mark in drawn.marks]
    return {
        "image": image | _new(kept, image),
        "annotations": annotations,
        "marks": marks,
        "document": document,
        "categories": categories,
    }


def coco_document(entries: Iterable[Entries]) -> dict[str, Any]:
    """One document of the entries of several images, numbered from 1 in their order.

    What the sources' documents say besides stands where it stood if they all say the same, else at each image.
    """
    images: list[Entries] = []
    annotations: list[Entries] = []
    marks: list[Entries] = []
    besides: list[dict[str, Any]] = []
    for number, one in enumerate(entries, start=1):
        images.append({"id": number} | one["image"])
        besides.append({key: one[key] for key in ("document", "categories")})
        for annotation in one["annotations"]:
            own = len(annotations) + 1
            numbers = {"id": own, "image_id": number, "category_id": LABELS.index(annotation["label"]) + 1}
            is_said = {"label"} | ({"identifier"} if annotation.get("identifier") == str(own) else set())
            annotations.append(numbers | {key: value for key, value in annotation.items() if key not in is_said})
        marks += [{"image_id": number} | mark for mark in one["marks"]]
    common = besides[0] if besides and all(one == besides[0] for one in besides) else {"document": {}, "categories": {}}
    if not any(common.values()):
        images = [
            image | {key: told for key, told in said.items() if told}
            for image, said in zip(images, besides, strict=True)
        ]
    categories = [
        {"id": number, "name": label} | common["categories"].get(label, {})
        for number, label in enumerate(LABELS, start=1)
    ]
    document = {"images": images, "annotations": annotations, "categories": categories}
    document |= {"marks": marks} if marks else {}
    return document | _new(common["document"], document)


def _instances(regions: Sequence[Region]) -> list[list[int]]:
    """Indices of the regions that are one instance each: those of one label and one group, every other alone."""
    instances: dict[tuple[Label, int | None, int], list[int]] = {}
    for index, region in enumerate(regions):
        key = (region.label, region.group, index if region.group is None else 0)
        instances.setdefault(key, []).append(index)
    return list(instances.values())


def _mask(drawn: DrawnImage, drawing: Drawing, parts: Sequence[int]) -> Mask:
    mask = np.zeros(drawn.shape, bool)
    for window in (drawing.windows[index] for index in parts):
        rows, columns = window.pixels.shape
        mask[window.top : window.top + rows, window.left : window.left + columns] |= window.pixels
    return mask


def _annotation(parts: Sequence[Region], mask: Mask, *, from_coco: bool) -> Entries:
    first = parts[0]
    said: Entries = {
        "label": first.label,
        "segmentation": encode_coco(mask),
        "area": int(np.count_nonzero(mask)),
        "bbox": _box(mask),
        "iscrowd": 0,
    }
    scores = [part.score for part in parts if part.score is not None]
    if scores:
        said["score"] = max(scores)
    if all(part.suggested for part in parts):
        said["suggested"] = True
    if first.identifier is not None:
        said["identifier"] = first.identifier
    kept = {key: value for part in parts for key, value in part.kept.items()} if from_coco else {}
    return said | _new(kept, said) | {"iscrowd": kept.get("iscrowd", 0)}


def _mark(mark: Mark, *, from_coco: bool) -> Entries:
    said: Entries = {"label": mark.label, "kind": mark.kind, "points": [list(point) for point in mark.points]}
    said |= {} if mark.group is None else {"group": mark.group}
    said |= {} if mark.identifier is None else {"identifier": mark.identifier}
    return said | (_new(mark.kept, said) if from_coco else {})


def _new(kept: Any, said: Entries) -> Entries:
    """What is kept besides, without what is said already."""
    return {key: value for key, value in kept.items() if key not in said}


def _box(mask: Mask) -> list[int]:
    """`[column, row, columns, rows]` that the mask fills."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return [0, 0, 0, 0]
    return [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
