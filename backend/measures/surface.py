"""Distances between the borders of two masks, in mm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from converters.regions import Mask

PERCENTILE = 95
TOLERANCE = 1
"""Pixels that two borders may lie apart and still count as the same in the surface Dice."""
LEAF = 32
"""Border pixels of a leaf of the tree; the fastest for the few hundred of a scan."""


@dataclass(frozen=True)
class SurfaceDistances:
    """How far two borders lie apart: `hd95` and `mean` in mm; `border_pixels` of both borders, from which they come,
    and `near`: how many of these lie at most `TOLERANCE` pixels from the other border."""

    hd95: float
    mean: float
    border_pixels: int
    near: int

    @property
    def surface_dice(self) -> float:
        """The share of both borders that lies at most `TOLERANCE` pixels from the other one."""
        return self.near / self.border_pixels


def surface_distances(a: Mask, b: Mask, pixel_mm: float) -> SurfaceDistances | None:
    """Both distances at once; None where a mask is empty.

    A border pixel is one of the mask with a neighbour above, below, left or right that is not; beyond the image there
    is nothing. From each border pixel the distance to the nearest one of the other border is taken, centre to centre.

    Args:
        a, b: bool masks of one shape.
        pixel_mm: size of a pixel.

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"masks of {a.shape} and {b.shape} pixels cannot be compared; bring them to one grid")
    places_a, places_b = _border_places(a), _border_places(b)
    if not len(places_a) or not len(places_b):
        return None
    directed = _nearest(places_a, places_b), _nearest(places_b, places_a)
    hd95 = max(float(np.percentile(one, PERCENTILE)) for one in directed)
    both = np.concatenate(directed)
    near = int(np.count_nonzero(both <= TOLERANCE))
    return SurfaceDistances(hd95 * pixel_mm, float(both.mean()) * pixel_mm, len(both), near)


def hd95(a: Mask, b: Mask, pixel_mm: float) -> float | None:
    """95th-percentile Hausdorff distance: the larger of the two directed ones; None where a mask is empty."""
    found = surface_distances(a, b, pixel_mm)
    return found.hd95 if found else None


def mean_surface_distance(a: Mask, b: Mask, pixel_mm: float) -> float | None:
    """Mean distance from either border to the other, over all border pixels; None where a mask is empty."""
    found = surface_distances(a, b, pixel_mm)
    return found.mean if found else None


def _nearest(places: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(KDTree(others, leafsize=LEAF).query(places)[0], dtype=np.float64)


def _border_places(mask: Mask) -> NDArray[np.float64]:
    """`(n, 2)` (row, column) of the border pixels; only pixels of the mask are looked at."""
    height, width = mask.shape
    flat = mask.ravel()
    held = np.flatnonzero(flat)
    row, column = np.divmod(held, width)
    inner = (row > 0) & (row < height - 1) & (column > 0) & (column < width - 1)
    within = held[inner]
    inner[inner] = flat[within - width] & flat[within + width] & flat[within - 1] & flat[within + 1]
    return np.stack([row[~inner], column[~inner]], axis=1).astype(np.float64)
