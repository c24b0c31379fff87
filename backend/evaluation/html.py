"""The report as one page that needs nothing else: style and pictures are inside."""

import base64
import io
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from backend.evaluation.report import Evaluation
from backend.evaluation.score import Case, Score
from backend.records import Prediction
from converters.regions import Mask

MODEL_COLOUR = (11, 107, 203)
REFERENCE_COLOUR = (209, 87, 10)
MAGNIFICATION = 2
LINE = 2
"""Width of an outline in pixels of the magnified picture, which pages show at half its size."""
EIGHT_CONNECTED = np.ones((3, 3), bool)


def to_html(evaluation: Evaluation) -> str:
    """One self-contained page; pictures are PNG data URIs."""
    environment = Environment(
        loader=PackageLoader("backend.evaluation"), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
    )
    worst = [
        {
            "study": case.study,
            "projection": case.projection,
            "verdict": _verdict(score),
            "picture": _data_uri(picture(case, prediction)),
        }
        for case, prediction, score in evaluation.worst
    ]
    return environment.get_template("report.html").render(report=evaluation.report, worst=worst)


def picture(case: Case, prediction: Prediction) -> NDArray[np.uint8]:
    """`(2048, 512, 3)` uint8: the low window (or the one there is) with both outlines of the metastases."""
    image = case.sub_images.get("low", next(iter(case.sub_images.values())))
    colours = np.repeat(_magnify(image)[..., None], 3, axis=2)
    colours[_outline(case.reference.metastasis)] = REFERENCE_COLOUR
    colours[_outline(prediction.masks.metastasis)] = MODEL_COLOUR
    return colours


def _verdict(score: Score) -> str:
    if score["reference_lesion"]:
        return f"Dice {score['dice']['metastasis'] or 0:.3f}"
    return f"no lesion in the reference, {score['lesion_pixels']} pixels outlined"


def _outline(mask: Mask) -> Mask:
    """The ring of `LINE` pixels around the magnified mask: a lesion's own pixels stay in sight."""
    large = _magnify(mask)
    ring: Mask = ndimage.binary_dilation(large, EIGHT_CONNECTED, iterations=LINE) & ~large
    return ring


def _magnify(image: NDArray[Any]) -> NDArray[Any]:
    return image.repeat(MAGNIFICATION, axis=0).repeat(MAGNIFICATION, axis=1)


def _data_uri(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
