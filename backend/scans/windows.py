"""The two grey-level windows of a projection, rendered from its counts.

Both start at no counts; their upper levels are multiples of the 98th percentile of the image's non-zero counts. That
level lies near hot normal bone whatever the injected dose and scan speed, and moves little when the bladder or an
injection site is ten times hotter, as the maximum would.
"""

import numpy as np
from numpy.typing import NDArray

from backend.records import WINDOWS, SubImage, Window

SCALE_PERCENTILE = 98.0
UPPER_LEVEL: dict[Window, float] = {"low": 1.0, "high": 2.0}
"""Upper grey level as a multiple of the scale: `low` shows faint uptake, `high` tells hot from hotter."""


def render(counts: NDArray[np.float32]) -> dict[Window, SubImage]:
    """Both windows of one projection.

    Args:
        counts: `(rows, columns)` finite counts, hotter = larger; below 0 counts as none.

    Returns:
        uint8 of the same shape, 255 = no counts, 0 = at or above the upper level; never brighter where hotter.
    """
    heat = np.maximum(counts.astype(np.float64), 0)
    present = heat[heat > 0]
    scale = float(np.percentile(present, SCALE_PERCENTILE)) if present.size else 1.0
    return {window: _grey(heat, UPPER_LEVEL[window] * scale) for window in WINDOWS}


def _grey(heat: NDArray[np.float64], upper: float) -> SubImage:
    return (255 - np.floor(np.minimum(heat / upper, 1) * 255 + 0.5)).astype(np.uint8)
