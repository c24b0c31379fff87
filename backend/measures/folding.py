"""Masks without the empty space between their lesions, for what counts pixels and lesions and no distances."""

import numpy as np
from numpy.typing import NDArray

from converters.regions import Mask


def fold(*masks: Mask) -> tuple[Mask, ...]:
    """The masks with every run of rows, and of columns, that is empty in all of them cut to one.

    What touches still touches and what is apart stays apart, so lesions, their sizes and their overlaps are the same;
    a scan with a few lesions becomes many times smaller.

    Args:
        masks: bool, of one shape.
    """
    held = np.logical_or.reduce(masks)
    rows, columns = _kept(held.any(axis=1)), _kept(held.any(axis=0))
    return tuple(np.ascontiguousarray(mask[rows][:, columns]) for mask in masks)


def _kept(occupied: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Occupied lines, and the first of each run of empty ones."""
    kept = occupied.copy()
    kept[1:] |= occupied[:-1]
    kept[0] = True
    return kept
