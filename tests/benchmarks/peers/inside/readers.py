"""An export with several readers through the Label Studio SDK's conversions: what of each reading arrives.

Every function gives `{"regions": n, "readings": [[image, reader], …]}`: the regions in the output, and the readings
that the output holds under their reader's number.
"""

import os
import re
import tempfile
from pathlib import Path, PurePath

from label_studio_sdk.converter import Converter
from outlines import BRUSH, POLYGONS, exported


def coco(export_file):
    return _coco(export_file)


def coco_with_annotator(export_file):
    """With the environment variable that makes the SDK name who drew a region."""
    os.environ["LABEL_STUDIO_FORCE_ANNOTATOR_EXPORT"] = "1"
    try:
        return _coco(export_file)
    finally:
        del os.environ["LABEL_STUDIO_FORCE_ANNOTATOR_EXPORT"]


def yolo(export_file):
    """Lines of the label files; a reading is named where a file's path or a line names its reader."""
    with tempfile.TemporaryDirectory() as folder:
        Converter(POLYGONS, folder, download_resources=False).convert(export_file, folder, "YOLO", is_dir=False)
        files = {path.relative_to(folder): path.read_text() for path in Path(folder).rglob("labels/**/*.txt")}
    regions = sum(len(text.split("\n")) - text.endswith("\n") for text in files.values())
    named = [[path.stem, int(path.parent.name)] for path in files if path.parent.name.isdecimal()]
    return {"regions": regions, "readings": named}


def brush_to_png(export_file):
    with tempfile.TemporaryDirectory() as folder:
        Converter(BRUSH, folder).convert(export_file, folder, "BRUSH_TO_PNG", is_dir=False)
        names = [path.stem for path in Path(folder).rglob("*.png")]
    named = {tuple(map(int, found.groups())) for name in names if (found := re.match(r"task-(\d+)-.*-by-(\d+)-", name))}
    return {"regions": len(names), "readings": sorted(map(list, named))}


def _coco(export_file):
    found = exported(export_file, "COCO", POLYGONS)["result.json"]
    images = {image["id"]: PurePath(image["file_name"]).stem for image in found["images"]}
    named = {
        (images.get(one["image_id"]), one["annotator"])
        for one in found["annotations"]
        if one.get("annotator") is not None
    }
    return {"regions": len(found["annotations"]), "readings": sorted(map(list, named), key=str)}


TOOLS = {"coco": coco, "coco_with_annotator": coco_with_annotator, "yolo": yolo, "brush_to_png": brush_to_png}
