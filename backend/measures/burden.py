"""Tumour burden of a study: BSTBI, lesion area and lesion count, from any mask (predicted, read or reference)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.measures.lesions import components
from backend.records import PROJECTIONS, WINDOWS, Burden, LabelMasks, Projection, SubImage, Window
from converters.regions import Mask

LESION_WEIGHT = 5
"""K of the index."""
SUB_IMAGES_OF_A_STUDY = len(PROJECTIONS) * len(WINDOWS)


@dataclass(frozen=True, eq=False)
class BurdenView:
    """One projection of a study: its sub-images, its masks and the size of a grid pixel, all on the grid."""

    projection: Projection
    sub_images: dict[Window, SubImage]
    masks: LabelMasks
    pixel_mm: float | None


def bstbi(sub_image: SubImage, metastasis: Mask, bladder: Mask) -> float | None:
    """Bone scan tumour burden index of one sub-image, in [0, 1]; None where its denominator is 0.

    With s(X) = Σ over X of (255 − pixel), L the lesions, B the bladder and R all pixels,
    BSTBI = K·s(L) / [(K − 1)·s(L) + s(R) − s(B)]; a pixel that is both counts as bladder.
    """
    heat = 255 - sub_image
    lesions = LESION_WEIGHT * int(heat[metastasis & ~bladder].sum(dtype=np.int64))
    rest = int(heat.sum(dtype=np.int64)) - int(heat[metastasis | bladder].sum(dtype=np.int64))
    return lesions / (lesions + rest) if lesions + rest else None


def study_burden(views: Sequence[BurdenView]) -> Burden:
    """Burden of a study, or of what there is of it.

    The index is the mean over the sub-images that have one, `complete` only with all four. The area is in cm², both
    projections summed, None where a pixel size is unknown.

    Raises:
        ValueError: a projection comes twice.
    """
    if len({view.projection for view in views}) < len(views):
        raise ValueError("a projection was given twice; a study has one of each")
    values = [
        value
        for view in views
        for sub_image in view.sub_images.values()
        if (value := bstbi(sub_image, view.masks.metastasis, view.masks.bladder)) is not None
    ]
    return Burden(
        bstbi=float(np.mean(values)) if values else None,
        lesion_area_cm2=_lesion_area_cm2(views),
        lesions=sum(components(_lesion_pixels(view))[1] for view in views),
        sub_images=len(values),
        complete=len(values) == SUB_IMAGES_OF_A_STUDY,
    )


def _lesion_area_cm2(views: Sequence[BurdenView]) -> float | None:
    areas = [
        None if view.pixel_mm is None else int(_lesion_pixels(view).sum()) * (view.pixel_mm / 10) ** 2 for view in views
    ]
    known = [area for area in areas if area is not None]
    return sum(known) if areas and len(known) == len(areas) else None


def _lesion_pixels(view: BurdenView) -> Mask:
    return view.masks.metastasis & ~view.masks.bladder
