"""COCO instance annotations, written as run lengths so that every reader of COCO gets exactly these pixels.

COCO knows one set of annotations per image: each reader gets a file.
"""

from collections.abc import Iterable

import numpy as np

from converters.drawn import DrawnImage
from converters.rasterise import draw
from converters.regions import LABELS, Region
from converters.rle import encode_coco


def write_coco(images: Iterable[DrawnImage]) -> dict[str, object]:
    """One COCO document; one annotation per region, as drawn (labels may overlap), in the images' own pixels."""
    listed: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, drawn in enumerate(images, start=1):
        image: dict[str, object] = {
            "id": number,
            "file_name": drawn.image,
            "width": drawn.columns,
            "height": drawn.rows,
            "annotator": drawn.reader,
        }
        listed.append(image if drawn.exclusion is None else image | {"exclusion": drawn.exclusion})
        for region in drawn.regions:
            annotation = {"id": len(annotations) + 1, "image_id": number, "annotator": drawn.reader}
            annotations.append(annotation | _annotation(region, drawn.shape))
    categories = [{"id": number, "name": label} for number, label in enumerate(LABELS, start=1)]
    return {"images": listed, "annotations": annotations, "categories": categories}


def _annotation(region: Region, shape: tuple[int, int]) -> dict[str, object]:
    mask = draw([region], shape).masks[region.label]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (
        [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1] if len(rows) else [0, 0, 0, 0]
    )
    said: dict[str, object] = {
        "category_id": LABELS.index(region.label) + 1,
        "segmentation": encode_coco(mask),
        "area": int(np.count_nonzero(mask)),
        "bbox": box,
        "iscrowd": 0,
    }
    return said if region.score is None else said | {"score": region.score}
