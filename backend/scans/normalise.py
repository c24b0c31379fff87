"""From the source's own pixels to the normalised grid: scaled by one factor, bilinear, padded where nothing came."""

import numpy as np
from numpy.typing import NDArray

from backend.records import GridImage, ScanImage, SubImage
from backend.scans.windows import render
from converters.grid import GRID_COLUMNS, GRID_ROWS, GridTransform

Pixels = NDArray[np.float64]


def to_grid(scan: ScanImage) -> GridImage:
    """The sub-images of a projection on the grid, and the way back to its source.

    Counts are resampled before they are windowed. Padding is 255 (no counts). A source of the grid's own size goes
    through untouched. Where only renderings came, there are as many sub-images as renderings.

    Raises:
        ValueError: the scan holds no image at all.
    """
    if scan.counts is not None:
        transform = GridTransform.fit(*scan.counts.shape)
        sub_images = render(_resample(scan.counts.astype(np.float64), transform).astype(np.float32))
    elif scan.renderings:
        transform = GridTransform.fit(*next(iter(scan.renderings.values())).shape)
        sub_images = {window: _resample_grey(image, transform) for window, image in scan.renderings.items()}
    else:
        raise ValueError("the scan holds neither counts nor renderings")
    return GridImage(sub_images, transform, None if scan.pixel_mm is None else scan.pixel_mm / transform.scale)


def _resample_grey(image: SubImage, transform: GridTransform) -> SubImage:
    heat = _resample((255 - image).astype(np.float64), transform)
    return (255 - np.floor(heat + 0.5)).astype(np.uint8)


def _resample(image: Pixels, transform: GridTransform) -> Pixels:
    """`(rows, columns)` → `(1024, 256)`, 0 where the source does not reach."""
    if transform.is_identity:
        return image
    down = _weights(transform.rows, GRID_ROWS, transform.scale, transform.row_offset)
    across = _weights(transform.columns, GRID_COLUMNS, transform.scale, transform.column_offset)
    return down @ image @ across.T


def _weights(source_size: int, grid_size: int, scale: float, offset: float) -> Pixels:
    """`(grid_size, source_size)` shares of the source pixels in each grid pixel along one axis.

    The triangle of bilinear interpolation, widened where the source is finer than the grid so that no source pixel is
    skipped; a row of zeros where the grid pixel's centre lies outside the source.
    """
    centres = (np.arange(grid_size) + 0.5 - offset) / scale
    distance = np.abs(centres[:, None] - (np.arange(source_size) + 0.5))
    weights = np.maximum(0, 1 - distance * min(1.0, scale))
    weights[(centres < 0) | (centres > source_size)] = 0
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1), dtype=np.float64)
