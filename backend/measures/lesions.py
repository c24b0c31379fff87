"""Lesions: the 8-connected components of a metastasis mask, and which of two masks' lesions are the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from converters.regions import Mask

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)

ComponentLabels = NDArray[np.int32]
"""`(rows, columns)`: 0 background, 1 … n the lesions in reading order of their first pixel."""


@dataclass(frozen=True, eq=False)
class LesionMatch:
    """Which lesions of two masks are the same; lesions are named by their number in `labels_a` and `labels_b`."""

    matched: tuple[tuple[int, int, float], ...]
    """(lesion of a, lesion of b, IoU), each lesion at most once."""
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    labels_a: ComponentLabels
    labels_b: ComponentLabels


def components(mask: Mask) -> tuple[ComponentLabels, int]:
    """The lesions of a mask and how many there are."""
    labels, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    return labels.astype(np.int32), int(count)


def match(a: Mask, b: Mask, iou: float = 0.1) -> LesionMatch:
    """Maximum-weight bipartite matching of lesions on IoU, of pairs with at least `iou`.

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"masks of {a.shape} and {b.shape} pixels cannot be matched; bring them to one grid")
    labels_a, count_a = components(a)
    labels_b, count_b = components(b)
    ratios = _iou_matrix(labels_a, count_a, labels_b, count_b)
    allowed = (ratios >= iou) & (ratios > 0)
    chosen = zip(*linear_sum_assignment(np.where(allowed, ratios, 0.0), maximize=True), strict=True)
    matched = tuple((int(i) + 1, int(j) + 1, float(ratios[i, j])) for i, j in chosen if allowed[i, j])
    found_a, found_b = {i for i, _, _ in matched}, {j for _, j, _ in matched}
    return LesionMatch(
        matched,
        tuple(i for i in range(1, count_a + 1) if i not in found_a),
        tuple(j for j in range(1, count_b + 1) if j not in found_b),
        labels_a,
        labels_b,
    )


def _iou_matrix(
    labels_a: ComponentLabels, count_a: int, labels_b: ComponentLabels, count_b: int
) -> NDArray[np.float64]:
    """`(count_a, count_b)` IoU of every pair, from one joint histogram."""
    width = count_b + 1
    pairs = labels_a.astype(np.int64) * width + labels_b
    histogram = np.bincount(pairs.ravel(), minlength=(count_a + 1) * width).reshape(count_a + 1, width)
    shared = histogram[1:, 1:]
    union = histogram[1:].sum(axis=1, keepdims=True) + histogram[:, 1:].sum(axis=0, keepdims=True) - shared
    return np.asarray(shared / np.maximum(union, 1), dtype=np.float64)
