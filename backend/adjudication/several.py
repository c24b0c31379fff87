"""One reference from three or more readings: by majority or by STAPLE, where that is chosen. With two, never.

Of two readings either rule would be their bare intersection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.measures.lesions import components
from backend.records import LabelMasks
from backend.store.sealed import SealedReading
from converters.regions import LABELS, Mask

Rule = Literal["majority", "staple"]
RULES: dict[Rule, str] = {"majority": "majority-1", "staple": "staple-1"}
"""Change whenever the same readings would give another reference."""
FEWEST = 3


@dataclass(frozen=True, eq=False)
class Common:
    """What the readings come to: `masks`, or the reason why the image is excluded.

    `unclear`: where as many say one thing as the other, or no two of them the same; a physician should decide.
    """

    masks: LabelMasks | None
    exclusion: str | None
    unclear: bool


def common(readings: Sequence[SealedReading], rule: Rule) -> Common | None:
    """The reference of three or more readings.

    Readers who call the image unreadable are outvoted or outvote the others; where they are outvoted, the rule is over
    the readings that remain.

    Returns:
        None where the rule has no say: fewer than three readings, or fewer than three that could be read, or as many
        who call it unreadable as not.
    """
    readable = [one.masks for one in readings if not one.exclusion]
    reasons = sorted({one.exclusion for one in readings if one.exclusion})
    unreadable = len(readings) - len(readable)
    if len(readings) < FEWEST or unreadable == len(readable):
        return None
    if unreadable > len(readable):
        return Common(None, ", ".join(reasons), unclear=False)
    if len(readable) < FEWEST:
        return None
    by_label = {label: _BY_RULE[rule]([one[label] for one in readable]) for label in LABELS}
    bladder = by_label["bladder"][0]
    metastasis = by_label["metastasis"][0] & ~bladder
    unclear = np.logical_or.reduce([by_label[label][1] for label in LABELS]) & ~metastasis & ~bladder
    return Common(LabelMasks(metastasis, bladder, unclear), None, bool(unclear.any()))


Voted = tuple[Mask, Mask]
"""Pixels of the label, and pixels of which the rule cannot tell."""


def majority(masks: Sequence[Mask]) -> Voted:
    """Pixels that more than half hold. A lesion that exactly half hold, without any such pixel, is unclear."""
    votes = _votes(masks)
    held = 2 * votes > len(masks)
    labels, _ = components(2 * votes >= len(masks))
    decided = np.unique(labels[held])
    return held, (labels > 0) & ~np.isin(labels, decided)


def staple(masks: Sequence[Mask]) -> Voted:
    """Pixels with a probability above one half by STAPLE, on the box around all that was drawn.

    A label that one reading alone holds is not there. Where several hold it and no two share a pixel, the method has
    nothing to go by and all of it is unclear.
    """
    import SimpleITK as sitk  # noqa: N813, PLC0415 (large, and most homes never use it)

    votes = _votes(masks)
    nothing = np.zeros_like(masks[0])
    if sum(bool(mask.any()) for mask in masks) < 2:
        return nothing, nothing
    if votes.max() < 2:
        return nothing, votes > 0
    box = _box(votes > 0)
    raters = [sitk.GetImageFromArray(mask[box].astype(np.uint8)) for mask in masks]
    probability: NDArray[np.float64] = sitk.GetArrayFromImage(sitk.STAPLE(raters, 1.0))  # type: ignore[no-untyped-call]
    held = nothing.copy()
    held[box] = (probability > 0.5) & (votes[box] > 0)
    return held, nothing


_BY_RULE = {"majority": majority, "staple": staple}


def _votes(masks: Sequence[Mask]) -> NDArray[np.int64]:
    return np.asarray(np.sum(masks, axis=0, dtype=np.int64))


def _box(mask: Mask) -> tuple[slice, slice]:
    """Around the mask with a rim, where the image has one: the method needs background to compare with."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.s_[max(rows[0] - 1, 0) : rows[-1] + 2, max(columns[0] - 1, 0) : columns[-1] + 2]
