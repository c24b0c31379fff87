"""Mask → the peer's own form → mask. Every function takes and gives one `(rows, columns)` bool mask."""

import json
import tempfile
from pathlib import Path

import numpy as np
import supervision
from label_studio_sdk.converter import Converter, brush
from labelme import utils as labelme_utils
from labelme._automation._geometry import compute_polygon_from_mask
from outlines import BRUSH, NUMBERS, polygons_to_mask
from pycocotools import mask as coco
from scipy import ndimage

EIGHT_CONNECTED = np.ones((3, 3), int)


def labelme_polygons(mask):
    """One polygon per component, as Labelme makes one of the mask that its segmentation found."""
    numbers, count = ndimage.label(mask, EIGHT_CONNECTED)
    outlines = [compute_polygon_from_mask(mask=numbers == number) for number in range(1, count + 1)]
    shapes = [
        {"label": "metastasis", "shape_type": "polygon", "points": outline.tolist()}
        for outline in outlines
        if len(outline) > 2
    ]
    return labelme_utils.shapes_to_label(mask.shape, shapes, NUMBERS)[0] > 0


def labelme_mask(mask):
    """A painted shape, its pixels as the PNG that Labelme puts into its file."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    said = labelme_utils.img_arr_to_b64(inside.astype(np.uint8))
    shape = {
        "label": "metastasis",
        "shape_type": "mask",
        "points": [[columns[0], rows[0]], [columns[-1], rows[-1]]],
        "mask": labelme_utils.img_b64_to_arr(said).astype(bool),
    }
    return labelme_utils.shapes_to_label(mask.shape, [shape], NUMBERS)[0] > 0


def label_studio_brush(mask):
    pixels = brush.decode_rle(brush.mask2rle(mask.astype(np.uint8) * 255))
    return pixels.reshape(*mask.shape, 4)[:, :, 3] > 0


def label_studio_coco(mask):
    """A brush stroke through the SDK's export of brush strokes to COCO, its polygons read by pycocotools."""
    rows, columns = mask.shape
    value = {"format": "rle", "rle": brush.mask2rle(mask.astype(np.uint8) * 255), "brushlabels": ["metastasis"]}
    entry = {"from_name": "label", "to_name": "image", "type": "brushlabels", "value": value, "id": "a"}
    entry |= {"original_width": columns, "original_height": rows}
    task = {"id": 1, "data": {"image": "case.png"}, "annotations": [{"id": 1, "completed_by": 1, "result": [entry]}]}
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export.json"
        export.write_text(json.dumps([task]), encoding="utf-8")
        Converter(BRUSH, folder).convert(str(export), folder, "BRUSH_TO_COCO", is_dir=False)
        found = json.loads((Path(folder) / "result_coco.json").read_bytes())
    polygons = [polygon for one in found["annotations"] for polygon in one["segmentation"]]
    return polygons_to_mask(polygons, rows, columns)


def pycocotools_runs(mask):
    return coco.decode(coco.encode(np.asfortranarray(mask.astype(np.uint8)))).astype(bool)


def supervision_polygons(mask):
    rows, columns = mask.shape
    again = np.zeros(mask.shape, bool)
    for polygon in supervision.mask_to_polygons(mask):
        again |= supervision.polygon_to_mask(polygon, (columns, rows)) > 0
    return again


TOOLS = {
    "labelme_polygons": labelme_polygons,
    "labelme_mask": labelme_mask,
    "label_studio_brush": label_studio_brush,
    "label_studio_coco": label_studio_coco,
    "pycocotools_runs": pycocotools_runs,
    "supervision_polygons": supervision_polygons,
}
