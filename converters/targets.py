"""Drawn images → the files of each target format, and the masks that these files give when they are read again."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from converters.certificate import Masks
from converters.coco import coco_document, coco_entries, read_coco
from converters.document import json_bytes
from converters.drawn import Dialect, DrawnImage
from converters.errors import ConversionError, WouldLose
from converters.instances import instances_of
from converters.label_studio_config import Used, used_by
from converters.label_studio_images import drawn_of_task
from converters.label_studio_write import task_of
from converters.labelme import read_labelme, write_labelme
from converters.rasterise import Drawing, draw
from converters.regions import LABELS, Region
from converters.wish import Wish

Files = dict[str, bytes]
"""Content by file name."""

KEEPING_MARKS = Dialect(keep_marks=True)


@dataclass(frozen=True, eq=False)
class Output:
    """Attributes:
    files: what is written for one drawn image.
    came_back: per label the mask that the files give, labels disjoint.
    entries: for COCO, what goes into the file of all images of one reader.
    controls: for Label Studio, what its project's configuration must have.
    """

    files: Files
    came_back: Masks
    entries: dict[str, object] | None = None
    controls: frozenset[Used] | None = None


def masks(drawn: DrawnImage, drawing: Drawing, wish: Wish) -> Output:
    """One PNG per label, uint8, 0 or 255, of the image's own size; labels are disjoint.

    On request one PNG per label, uint16, with the number of each lesion, and one NumPy archive with a bool array per
    label.
    """
    counted = drawing.disjoint()
    files = {f"{drawn.name}.{label}.png": _png(counted[label].astype(np.uint8) * 255) for label in LABELS}
    came_back = {label: _pixels(files[f"{drawn.name}.{label}.png"]) > 0 for label in LABELS}
    if wish.with_instances:
        files |= {f"{drawn.name}.{label}.instances.png": _png(instances_of(drawn, drawing, label)) for label in LABELS}
    if wish.with_arrays:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, metastasis=counted["metastasis"], bladder=counted["bladder"])
        files[f"{drawn.name}.npz"] = buffer.getvalue()
    return Output(files, came_back)


def labelme(drawn: DrawnImage, drawing: Drawing, wish: Wish) -> Output:
    """One Labelme file; what a Labelme source says besides goes along."""
    from_labelme = drawn.origin.format == "labelme"
    kept = dict(drawn.kept) if from_labelme else {}
    flags = kept.pop("flags", {}) | ({} if drawn.exclusion is None else {drawn.exclusion: True})
    # What keys mean in another format Labelme would take for its own.
    shapes = drawn.shapes if from_labelme else tuple(replace(one, kept={}) for one in drawn.shapes)
    content = write_labelme(shapes, drawn.image, *drawn.shape, flags=flags, kept=kept)
    again = read_labelme(content, drawn.name, keep_marks=True)
    _check_problems(again.problems)
    return Output({f"{drawn.name}.json": content}, _masks_of(again.regions, drawn))


def label_studio(drawn: DrawnImage, drawing: Drawing, wish: Wish) -> Output:
    """One Label Studio import: a list of one task with one annotation, or one prediction."""
    task = task_of(drawn, max_points=wish.max_points, as_prediction=wish.as_predictions)
    plain = task if not wish.as_predictions else task | {"annotations": task["predictions"], "predictions": []}
    found = drawn_of_task(plain, "[0]", drawn.origin, Path(), KEEPING_MARKS)
    images = [*found.images, *(one.image for one in found.waiting if isinstance(one.image, DrawnImage))]
    _check_problems([*found.problems, *(problem for image in images for problem in image.problems)])
    regions = [region for image in images for region in image.regions]
    content = json_bytes([task])
    return Output({f"{drawn.name}.json": content}, _masks_of(regions, drawn), controls=used_by(task))


def coco(drawn: DrawnImage, drawing: Drawing, wish: Wish) -> Output:
    """The entries of one image; the annotations of one reader become one file in the end."""
    entries = coco_entries(drawn, drawing)
    found = read_coco(coco_document([entries]), drawn.name, drawn.origin, KEEPING_MARKS)
    _check_problems([*found.problems, *(problem for image in found.images for problem in image.problems)])
    regions = [region for image in found.images for region in image.regions]
    return Output({}, _masks_of(regions, drawn), entries)


def dicom_seg(drawn: DrawnImage, drawing: Drawing, wish: Wish) -> Output:
    """One DICOM segmentation that refers to the frame of the scan that was drawn on."""
    # Half a second that no other target needs.
    from converters.dicom_seg import read_dicom_seg, write_dicom_seg  # noqa: PLC0415
    from converters.source_frame import source_frame_of  # noqa: PLC0415

    if wish.source_nm is None:
        raise ConversionError("a DICOM segmentation refers to its scan; name it with --source-nm", source=drawn.name)
    content = write_dicom_seg(drawn, drawing, source_frame_of(wish.source_nm, drawn))
    return Output({f"{drawn.name}.seg.dcm": content}, read_dicom_seg(content))


WRITERS: dict[str, Callable[[DrawnImage, Drawing, Wish], Output]] = {
    "masks": masks,
    "labelme": labelme,
    "label-studio": label_studio,
    "coco": coco,
    "dicom-seg": dicom_seg,
}


def _masks_of(regions: Iterable[Region], drawn: DrawnImage) -> Masks:
    return draw(regions, drawn.shape).disjoint()


def _check_problems(problems: Iterable[ConversionError]) -> None:
    for problem in problems:
        raise WouldLose(f"what was written cannot be read again ({problem})")


def _png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8] | np.dtype[np.uint16]]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _pixels(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)
