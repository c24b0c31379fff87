"""Distances between the borders of two masks, in mm."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from converters.regions import Mask


def hd95(a: Mask, b: Mask, pixel_mm: float) -> float | None:
    """95th-percentile Hausdorff distance: the larger of the two directed ones; None where a mask is empty."""
    distances = _border_distances(a, b, pixel_mm)
    return max(float(np.percentile(one, 95)) for one in distances) if distances else None


def mean_surface_distance(a: Mask, b: Mask, pixel_mm: float) -> float | None:
    """Mean distance from either border to the other, over all border pixels; None where a mask is empty."""
    distances = _border_distances(a, b, pixel_mm)
    return float(np.concatenate(distances).mean()) if distances else None


def _border_distances(a: Mask, b: Mask, pixel_mm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    if a.shape != b.shape:
        raise ValueError(f"masks of {a.shape} and {b.shape} pixels cannot be compared; bring them to one grid")
    if not a.any() or not b.any():
        return None
    border_a, border_b = (mask & ~ndimage.binary_erosion(mask) for mask in (a, b))
    to_a, to_b = (ndimage.distance_transform_edt(~border, sampling=pixel_mm) for border in (border_a, border_b))
    return to_b[border_a], to_a[border_b]
