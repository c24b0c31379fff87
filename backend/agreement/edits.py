"""What a reader did to the outlines the model suggested, region by region."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.measures.lesions import best_pairs
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Region

SAME = 1.0
"""IoU of regions with the same pixels."""


def edits(shown: Sequence[Region], read: Sequence[Region], iou: float) -> dict[str, int]:
    """Counts of regions by what became of them.

    A suggested region and one of the reading are the same where they are paired by maximum total IoU, of pairs with at
    least `iou`; within a label first, then what is left across labels.

    Args:
        shown, read: regions in grid pixels.

    Returns:
        `shown`; of these `kept` (the same pixels), `reshaped`, `relabelled` and `deleted`; and `added` by the reader.
    """
    ratios = _ratios(shown, read)
    alike = np.array([[one.label == other.label for other in read] for one in shown], dtype=bool)
    alike = alike.reshape(ratios.shape)
    same = best_pairs(np.where(alike, ratios, 0.0), iou)
    left = np.where(alike, 0.0, ratios)
    for i, j in same:
        left[i], left[:, j] = 0.0, 0.0
    relabelled = len(best_pairs(left, iou))
    kept = sum(bool(ratios[i, j] == SAME) for i, j in same)
    return {
        "shown": len(shown),
        "kept": kept,
        "reshaped": len(same) - kept,
        "relabelled": relabelled,
        "deleted": len(shown) - len(same) - relabelled,
        "added": len(read) - len(same) - relabelled,
    }


def _ratios(shown: Sequence[Region], read: Sequence[Region]) -> NDArray[np.float64]:
    """`(shown, read)` IoU of every two regions, whatever their labels."""
    if not shown or not read:
        return np.zeros((len(shown), len(read)))
    places = [_places(region) for region in (*shown, *read)]
    together = np.unique(np.concatenate(places))
    masks = np.array([np.isin(together, one, assume_unique=True) for one in places], dtype=np.float64)
    first, second = masks[: len(shown)], masks[len(shown) :]
    shared = first @ second.T
    union = first.sum(axis=1)[:, None] + second.sum(axis=1)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1), dtype=np.float64)


def _places(region: Region) -> NDArray[np.int64]:
    """Its pixels, numbered over the grid."""
    return np.flatnonzero(draw([region], GRID_SHAPE).masks[region.label])
