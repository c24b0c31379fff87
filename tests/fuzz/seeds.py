"""Small whole files of every format that is read, with everything in them that the format has."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from converters.rle import encode_brush

SHARED = Path(__file__).parents[3] / "shared" / "fixtures"
RECORDED = Path(__file__).parents[1] / "fixtures"
LARGEST = 60_000

SQUARE = [[2.5, 2.0], [12.0, 2.0], [12.0, 12.25], [2.0, 12.0]]
KEYHOLE = [[20.0, 20.0], [30, 20], [30, 30], [20, 30], [20, 20], [23, 23], [23, 26], [26, 26], [26, 23], [23, 23]]


def seeds() -> Iterator[tuple[str, bytes]]:
    """File name and content."""
    yield "labelme.json", _json(labelme_document())
    yield (
        "old.json",
        _json({"shapes": [{"label": "bladder", "points": SQUARE}], "imagePath": "a.png", "imageData": _png64()}),
    )
    yield "studio.json", _json(studio_export())
    yield "min.json", _json([_minimal()])
    yield (
        "webhook.json",
        _json({"action": "ANNOTATION_CREATED", "task": _task(), "annotation": _task()["annotations"][0]}),
    )
    yield "coco.json", _json(_coco())
    yield "scan.metastasis.png", _png(_mask())
    yield "scan.bladder.instances.png", _png(_mask().astype(np.uint16) * 300)
    yield "masks.npz", _npz(metastasis=_mask(), bladder=~_mask())
    yield "labels.npy", _npy(_mask().astype(np.uint8) * 2)
    for folder in (RECORDED, SHARED):
        for path in sorted(folder.rglob("*.json")):
            if path.stat().st_size < LARGEST:
                yield path.name, path.read_bytes()


def labelme_document() -> dict[str, Any]:
    def shape(kind: str, points: list[list[float]], **more: Any) -> dict[str, Any]:
        return {"label": "metastasis", "points": points, "shape_type": kind, "flags": {}, "group_id": None} | more

    shapes = [
        shape("polygon", SQUARE, label="bladder", description="seen", flags={"sure": True}, custom=[1, {"a": 2}]),
        shape("polygon", KEYHOLE, score=0.5, identifier="r1", suggestion="0123456789abcdef"),
        shape("polygon", SQUARE, group_id=3),
        shape("polygon", [[4.0, 4.0], [8.0, 4.0], [8.0, 8.0]], group_id=3),
        shape("rectangle", [[30.0, 30.0], [3.0, 14.0]]),
        shape("oriented_rectangle", [[10.0, 30.0], [20.0, 34.0], [18.0, 40.0], [8.0, 36.0]]),
        shape("circle", [[16.0, 50.0], [19.0, 52.0]]),
        shape("point", [[3.0, 3.0]]),
        shape("points", [[3.0, 3.0], [5.0, 5.0]]),
        shape("linestrip", SQUARE),
        shape("mask", [[5, 40], [8, 43]], mask=_png64((4, 4))),
    ]
    document = {
        "version": "7.0.0",
        "flags": {"unreadable": False, "good": True},
        "shapes": shapes,
        "imagePath": "..\\a.png",
    }
    return document | {"imageData": None, "imageHeight": 64, "imageWidth": 40, "custom": {"a": 1}}


def _entry(kind: str, value: dict[str, Any], image: str = "anterior", **more: Any) -> dict[str, Any]:
    size = {"original_width": 40, "original_height": 64, "image_rotation": 0}
    names = {"from_name": f"{image}_label", "to_name": image, "type": kind, "id": f"{kind}{len(value)}"}
    return names | size | {"value": value | ({kind: ["metastasis"]} if kind.endswith("labels") else {})} | more


def _task() -> dict[str, Any]:
    box = {"x": 10.0, "y": 10.0, "width": 20.0, "height": 15.0, "rotation": 30.0}
    round_ = {"x": 50.0, "y": 50.0, "radiusX": 10.0, "radiusY": 5.0, "rotation": 10.0}
    vertices = [{"id": str(n), "x": x, "y": y, "isBezier": False} for n, (x, y) in enumerate(SQUARE)]
    result = [
        _entry("polygonlabels", {"points": SQUARE, "closed": True}, score=0.5),
        _entry("rectanglelabels", box, image_rotation=90),
        _entry("ellipselabels", round_, origin="prediction", meta={"text": ["look"]}),
        _entry("brushlabels", {"format": "rle", "rle": _brush()}, "posterior"),
        _entry("bitmasklabels", {"imageDataURL": f"data:image/png;base64,{_transparent64()}"}, "posterior"),
        _entry("vectorlabels", {"vertices": vertices, "closed": True}),
        _entry("keypointlabels", {"x": 5.0, "y": 5.0, "width": 0.5}),
        _entry("polygon", {"points": SQUARE}, id="plain"),
        _entry("labels", {"points": SQUARE, "labels": ["bladder"]}, id="plain"),
        {"type": "relation", "from_id": "plain", "to_id": "polygonlabels2", "direction": "bi"},
        {
            "type": "choices",
            "value": {"choices": ["unreadable"]},
            "from_name": "posterior_exclusion",
            "to_name": "posterior",
        },
        {"type": "textarea", "value": {"text": ["a"]}, "from_name": "note", "to_name": "anterior"},
    ]
    annotation = {"id": 1, "completed_by": {"id": 4, "email": "x"}, "result": result, "was_cancelled": False}
    second = annotation | {
        "id": 2,
        "completed_by": 5,
        "result": [],
        "lead_time": 3.5,
        "updated_at": "2026-01-01T00:00:00Z",
    }
    data = {"anterior": "/data/local-files/?d=s/a.png", "posterior": "/data/upload/1/0123abcd-p.png"}
    drafts = [{"user": 4, "result": result[:1], "annotation": None}]
    predictions = [{"result": result[:2], "score": 0.3, "model_version": "1"}]
    return {"id": 7, "data": data, "annotations": [annotation, second], "drafts": drafts, "predictions": predictions}


def studio_export() -> list[dict[str, Any]]:
    return [_task(), _task() | {"id": 8, "data": {"image": "b.png"}, "annotations": []}]


def _minimal() -> dict[str, Any]:
    shape = {"x": 1, "y": 2, "width": 30, "height": 40, "original_width": 40, "original_height": 64}
    drawn = [{"points": SQUARE, "polygonlabels": ["metastasis"]} | shape, {"rectanglelabels": ["bladder"]} | shape]
    return {"id": 1, "annotation_id": 2, "annotator": 3, "image": "a.png", "label": drawn, "exclusion": "unreadable"}


def _coco() -> dict[str, Any]:
    annotations = [
        {"segmentation": [[2.0, 2.0, 12.0, 2.0, 12.0, 12.0], [20.0, 20.0, 25.0, 20.0, 25.0, 29.0]], "category_id": 1},
        {"segmentation": {"size": [64, 40], "counts": [100, 5, 2455]}, "category_id": 2, "iscrowd": 1},
        {
            "segmentation": {"size": [64, 40], "counts": "d3" + "5" * 3},
            "category_id": 1,
            "annotator": "2",
            "score": 0.5,
        },
        {"segmentation": [], "bbox": [1.0, 2.0, 10.0, 12.0], "category_id": 1, "keypoints": [1, 1, 2]},
    ]
    numbered = [{"id": n, "image_id": 1, "area": 5, "bbox": [0, 0, 1, 1]} | one for n, one in enumerate(annotations)]
    images = [
        {"id": 1, "file_name": "a.png", "width": 40, "height": 64},
        {"id": 2, "file_name": "b.png", "width": 4, "height": 4},
    ]
    categories = [{"id": 1, "name": "metastasis"}, {"id": 2, "name": "bladder", "supercategory": "organ"}]
    return {"images": images, "annotations": numbered, "categories": categories, "info": {"year": 2026}}


def _mask() -> NDArray[np.bool_]:
    mask = np.zeros((64, 40), bool)
    mask[3:20, 5:12] = True
    mask[10:12, 8:9] = False
    mask[40, 30] = True
    return mask


def _brush() -> list[int]:
    return encode_brush(_mask())


def _png(pixels: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels if pixels.dtype != bool else pixels.astype(np.uint8) * 255).save(buffer, "PNG")
    return buffer.getvalue()


def _png64(shape: tuple[int, int] = (64, 40)) -> str:
    pixels = np.zeros(shape, np.uint8)
    pixels[1:3, 1:3] = 255
    return base64.b64encode(_png(pixels)).decode()


def _transparent64() -> str:
    """A bitmask as Label Studio keeps it: painted where it is opaque."""
    pixels = np.zeros((64, 40, 4), np.uint8)
    pixels[30:40, 10:15] = 255
    return base64.b64encode(_png(pixels)).decode()


def _npz(**arrays: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _json(document: object) -> bytes:
    return json.dumps(document).encode()
