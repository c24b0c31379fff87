"""Outline → mask, by each peer. Every function takes files with the same outlines and gives a mask per outline."""

import json
import tempfile
from pathlib import Path

import numpy as np
import supervision
from label_studio_sdk.converter import Converter
from labelme import utils as labelme_utils
from PIL import Image
from pycocotools import mask as coco

CONFIG = """<View><Image name="image" value="$image"/>{}</View>"""
LABELS = '<Label value="metastasis"/><Label value="bladder"/>'
POLYGONS = CONFIG.format(f'<PolygonLabels name="label" toName="image">{LABELS}</PolygonLabels>')
BRUSH = CONFIG.format(f'<BrushLabels name="label" toName="image">{LABELS}</BrushLabels>')
NUMBERS = {"_background_": 0, "metastasis": 1, "bladder": 2}


def labelme(labelme_file, _export_file):
    shape, shapes = _read_labelme(labelme_file)
    return [labelme_utils.shapes_to_label(shape, [one], NUMBERS)[0] > 0 for one in shapes]


def label_studio_coco(_labelme_file, export_file):
    """The SDK's COCO export, its polygons read by pycocotools."""
    found = exported(export_file, "COCO", POLYGONS)["result.json"]
    image = found["images"][0]
    return [
        polygons_to_mask(one["segmentation"], image["height"], image["width"])
        for one in sorted(found["annotations"], key=lambda one: one["id"])
    ]


def label_studio_brush(_labelme_file, export_file):
    """The SDK's mask images: one per brush stroke. Whatever it writes is taken."""
    with tempfile.TemporaryDirectory() as folder:
        Converter(POLYGONS, folder).convert(export_file, folder, "BRUSH_TO_PNG", is_dir=False)
        return [np.asarray(Image.open(path)) > 0 for path in sorted(Path(folder).rglob("*.png"))]


def pycocotools(labelme_file, _export_file):
    shape, shapes = _read_labelme(labelme_file)
    return [polygons_to_mask([list(np.ravel(one["points"]))], *shape) for one in shapes]


def of_supervision(labelme_file, _export_file):
    (rows, columns), shapes = _read_labelme(labelme_file)
    return [supervision.polygon_to_mask(np.array(one["points"]), (columns, rows)) > 0 for one in shapes]


def polygons_to_mask(polygons, rows, columns):
    """COCO polygons `[[x, y, x, y, …], …]` as COCO's own library fills them."""
    usable = [polygon for polygon in polygons if len(polygon) >= 6]
    if not usable:
        return np.zeros((rows, columns), bool)
    return coco.decode(coco.merge(coco.frPyObjects(usable, rows, columns))).astype(bool)


def _read_labelme(file):
    document = json.loads(Path(file).read_bytes())
    return (document["imageHeight"], document["imageWidth"]), document["shapes"]


def exported(export_file, kind, config):
    """The JSON files that the SDK's converter makes of an export, by name."""
    with tempfile.TemporaryDirectory() as folder:
        Converter(config, folder, download_resources=False).convert(export_file, folder, kind, is_dir=False)
        return {path.name: json.loads(path.read_bytes()) for path in Path(folder).rglob("*.json")}


TOOLS = {
    "labelme": labelme,
    "label_studio_coco": label_studio_coco,
    "label_studio_brush": label_studio_brush,
    "pycocotools": pycocotools,
    "supervision": of_supervision,
}
