"""The agreed reference of two readings: between their outlines where both see a thing, silent where one does."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from backend.records import LabelMasks
from converters.regions import Label, Mask

RULE = "consensus-1"
"""Changes whenever the same two readings would give another reference."""

Place = tuple[int, int]
"""`(row, column)` of the grid where the top-left pixel of a small mask lies."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that at least one reading holds: a lesion of a, of b or a matched pair, or the bladder.

    `a` and `b` are masks of one shape whose top-left pixel is `at`, None where that reading does not hold it.
    """

    label: Label
    a: Mask | None
    b: Mask | None
    at: Place = (0, 0)


@dataclass(frozen=True, eq=False)
class Part:
    """What a finding gives the reference: pixels of its label, and pixels that count as neither; None is nothing."""

    label: Label
    mask: Mask | None = None
    ignored: Mask | None = None
    at: Place = (0, 0)


def consensus(finding: Finding) -> Part:
    """The rule: the mean outline where both readings hold the finding on common pixels, else its pixels are ignored."""
    a, b = finding.a, finding.b
    if a is not None and b is not None and np.any(a & b):
        return Part(finding.label, mask=mean_outline(a, b), at=finding.at)
    held = [mask for mask in (a, b) if mask is not None]
    return Part(finding.label, ignored=np.logical_or.reduce(held), at=finding.at)


def mean_outline(a: Mask, b: Mask) -> Mask:
    """The zero level of the mean of two signed distances (Euclidean, in pixels, to the other side's nearest).

    It lies between intersection and union; pixels on the level itself belong to it. Equal masks give that mask.

    Args:
        a, b: `(rows, columns)` bool masks of one shape, neither empty.
    """
    rows, columns = np.nonzero(a | b)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    result = np.zeros_like(a)
    result[box] = _signed_distance(a[box]) + _signed_distance(b[box]) >= 0
    return result


def compose(parts: Iterable[Part], like: Mask) -> LabelMasks:
    """The parts as one reference: disjoint, the bladder wins, and what is decided is not ignored.

    Args:
        like: a mask of the shape wanted.
    """
    masks: dict[Label, Mask] = {"metastasis": np.zeros_like(like), "bladder": np.zeros_like(like)}
    ignored = np.zeros_like(like)
    for part in parts:
        if part.mask is not None:
            _unite(masks[part.label], part.mask, part.at)
        if part.ignored is not None:
            _unite(ignored, part.ignored, part.at)
    metastasis = masks["metastasis"] & ~masks["bladder"]
    return LabelMasks(metastasis, masks["bladder"], ignored & ~metastasis & ~masks["bladder"])


def _unite(whole: Mask, small: Mask, at: Place) -> None:
    under = whole[at[0] : at[0] + small.shape[0], at[1] : at[1] + small.shape[1]]
    under |= small


def _signed_distance(mask: Mask) -> NDArray[np.float64]:
    """Positive inside. A rim of background makes the distance exact where the mask touches the box."""
    padded = np.pad(mask, 1)
    distance = distance_transform_edt(padded) - distance_transform_edt(~padded)
    return np.asarray(distance[1:-1, 1:-1], dtype=np.float64)
