"""Dice: how much two masks share."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from converters.regions import Mask


class Overlap(NamedTuple):
    """Pixel counts of two masks; they add up over projections, and `pooled_dice` reads the sum."""

    shared: int
    first: int
    second: int


def overlap(a: Mask, b: Mask, ignored: Mask | None = None) -> Overlap:
    """Counts |A∩B|, |A| and |B|, without the `ignored` pixels.

    Args:
        a, b, ignored: bool masks of one shape.

    Raises:
        ValueError: the shapes differ; nothing is padded or cropped to fit.
    """
    if a.shape != b.shape or (ignored is not None and ignored.shape != a.shape):
        raise ValueError(f"masks of {a.shape} and {b.shape} pixels cannot be compared; bring them to one grid")
    if ignored is not None:
        a, b = a & ~ignored, b & ~ignored
    return Overlap(int(np.count_nonzero(a & b)), int(np.count_nonzero(a)), int(np.count_nonzero(b)))


def dice(a: Mask, b: Mask, ignored: Mask | None = None) -> float | None:
    """2|A∩B| / (|A| + |B|) in [0, 1]; None where both are empty, 0 where one is. Raises as `overlap`."""
    return pooled_dice([overlap(a, b, ignored)])


def pooled_dice(overlaps: Iterable[Overlap]) -> float | None:
    """Dice of the pixels of all projections together; None where no mask has a pixel."""
    counts = list(overlaps)
    total = sum(one.first + one.second for one in counts)
    return 2 * sum(one.shared for one in counts) / total if total else None
