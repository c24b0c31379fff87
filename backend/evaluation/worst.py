"""The cases that went worst, with a picture of each."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from backend.evaluation.scores import Json, Score
from backend.measures.lesions import EIGHT_CONNECTED
from backend.records import LabelMasks, SubImage
from converters.regions import Mask

WORST_CASES = 6
MODEL_COLOUR = (11, 107, 203)
REFERENCE_COLOUR = (209, 87, 10)
MAGNIFICATION = 2
LINE = 2
"""Width of an outline in pixels of the magnified picture, which pages show at half its size."""


def badness(score: Score) -> tuple[float, int]:
    """Lowest lesion Dice first; among projections without any lesion the most falsely outlined pixels."""
    dice = score["dice"]["metastasis"]
    return (1.0 - (1.0 if dice is None else dice), max(score["lesion_pixels"], score["counts"]["metastasis"][2]))


def worst_cases(scores: Sequence[Score]) -> list[Json]:
    """[{`study`, `projection`, `dice`, `lesion_pixels`, `reference_pixels`, `picture`}], the worst first."""
    return [
        {
            "study": score["study"],
            "projection": score["projection"],
            "dice": score["dice"]["metastasis"],
            "lesion_pixels": score["lesion_pixels"],
            "reference_pixels": score["counts"]["metastasis"][2],
            "picture": score.get("picture"),
        }
        for score in sorted(scores, key=badness, reverse=True)[:WORST_CASES]
    ]


def verdict_words(one: Json) -> str:
    """What went wrong with a worst case."""
    if one["reference_pixels"]:
        return f"Dice {one['dice'] or 0:.3f}"
    return f"no lesion in the reference, {one['lesion_pixels']} pixels outlined"


def picture(sub_image: SubImage, reference: LabelMasks, outlined: LabelMasks) -> bytes:
    """PNG of `(2048, 512, 3)` uint8: the sub-image with both outlines of the metastases."""
    colours = np.repeat(_magnify(sub_image)[..., None], 3, axis=2)
    colours[_outline(reference.metastasis)] = REFERENCE_COLOUR
    colours[_outline(outlined.metastasis)] = MODEL_COLOUR
    buffer = io.BytesIO()
    Image.fromarray(colours).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _outline(mask: Mask) -> Mask:
    """The ring of `LINE` pixels around the magnified mask: a lesion's own pixels stay in sight."""
    large = _magnify(mask)
    ring: Mask = ndimage.binary_dilation(large, EIGHT_CONNECTED, iterations=LINE) & ~large
    return ring


def _magnify(image: NDArray[Any]) -> NDArray[Any]:
    return image.repeat(MAGNIFICATION, axis=0).repeat(MAGNIFICATION, axis=1)
