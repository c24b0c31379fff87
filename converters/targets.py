"""Drawn images → the files of each target format, as bytes by name."""

import io
import json
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage

from converters.drawn import DrawnImage
from converters.label_studio import to_results
from converters.labelme import write_labelme
from converters.rasterise import Drawing
from converters.regions import LABELS, Mask

Files = dict[str, bytes]
"""Content by file name."""

EIGHT_CONNECTED = np.ones((3, 3), int)


def masks(drawn: DrawnImage, drawing: Drawing) -> Files:
    """One PNG per label, uint8, 0 or 255, of the image's own size; labels are disjoint."""
    counted = drawing.disjoint()
    return {f"{drawn.name}.{label}.png": _png(counted[label].astype(np.uint8) * 255) for label in LABELS}


def instances(drawn: DrawnImage, drawing: Drawing) -> Files:
    """One PNG per label, uint16: 0 where nothing is, else the number of the 8-connected component, from 1."""
    counted = drawing.disjoint()
    return {f"{drawn.name}.{label}.instances.png": _png(_numbered(counted[label])) for label in LABELS}


def arrays(drawn: DrawnImage, drawing: Drawing) -> Files:
    """One NumPy archive with a bool array per label, disjoint."""
    counted = drawing.disjoint()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, metastasis=counted["metastasis"], bladder=counted["bladder"])
    return {f"{drawn.name}.npz": buffer.getvalue()}


def labelme(drawn: DrawnImage, drawing: Drawing) -> Files:
    """One Labelme file."""
    flags = {} if drawn.exclusion is None else {drawn.exclusion: True}
    return {f"{drawn.name}.json": write_labelme(drawn.regions, drawn.image, *drawn.shape, flags=flags)}


def label_studio(drawn: DrawnImage, drawing: Drawing) -> Files:
    """One Label Studio import: a task with one annotation, for controls `label` and `exclusion` on `image`."""
    result: list[dict[str, object]] = to_results(
        drawn.regions, from_name="label", to_name="image", rows=drawn.rows, columns=drawn.columns
    )
    if drawn.exclusion is not None:
        chosen: dict[str, object] = {"value": {"choices": [drawn.exclusion]}, "type": "choices", "id": "exclusion"}
        result.append(chosen | {"from_name": "exclusion", "to_name": "image"})
    reader = drawn.reader if drawn.reader is None else int(drawn.reader)
    annotation = {"result": result, "completed_by": reader, "was_cancelled": False, "ground_truth": False}
    task = {"data": {"image": drawn.image}, "annotations": [annotation]}
    return {f"{drawn.name}.json": json.dumps([task], ensure_ascii=False, indent=2).encode()}


WRITERS: dict[str, Callable[[DrawnImage, Drawing], Files]] = {
    "masks": masks,
    "labelme": labelme,
    "label-studio": label_studio,
}


def not_kept(drawn: DrawnImage, target: str) -> list[str]:
    """What the reader said that files of the target format cannot say."""
    lost = [f"choice {remark!r}" for remark in drawn.remarks]
    if target == "masks" and drawn.exclusion is not None:
        lost.append(f"the image is out: {drawn.exclusion!r}")
    return lost


def _png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8] | np.dtype[np.uint16]]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _numbered(mask: Mask) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    numbers, _ = ndimage.label(mask, EIGHT_CONNECTED)
    return np.asarray(numbers, np.uint16)
