"""From sub-images to what the networks see; training, evaluation and serving share these few lines."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from backend.errors import ScanError
from backend.records import WINDOWS, SubImage, Window
from converters.grid import GRID_ROWS, GRID_SHAPE

CROP_ROWS = 256
CROP_STRIDE = 128
CROP_TOPS = tuple(range(0, GRID_ROWS - CROP_ROWS + 1, CROP_STRIDE))
"""Top rows of the seven overlapping 256 × 256 crops of one projection."""

BACKGROUND = -127 / 128
"""Input value where nothing was counted."""

Uptake = NDArray[np.uint8]
"""`(2, 1024, 256)` uint8: low and high window, hotter = larger."""


def stack_windows(sub_images: Mapping[Window, SubImage]) -> Uptake:
    """Both windows with the hot end up; a projection that came in one window uses it for both.

    Raises:
        ScanError: no window at all, or one of another shape or dtype.
    """
    if not sub_images:
        raise ScanError("the projection has no sub-image; ingest its low or high window", field="window")
    for window, image in sub_images.items():
        if image.shape != GRID_SHAPE or image.dtype != np.uint8:
            raise ScanError(
                f"sub-image is {image.dtype} {image.shape}, not uint8 {GRID_SHAPE}; ingest the file again", field=window
            )
    present = next(iter(sub_images.values()))
    return np.stack([255 - sub_images.get(window, present) for window in WINDOWS])


def to_input(uptake: torch.Tensor) -> torch.Tensor:
    """`(..., 2, rows, columns)` uptake in 0…255, any dtype → `(..., 3, rows, columns)` float32 in [-127/128, 1]."""
    both = uptake.float()
    channels = torch.cat([both, both.mean(dim=-3, keepdim=True)], dim=-3)
    return (channels - 127) / 128


def crops(image: torch.Tensor) -> torch.Tensor:
    """`(channels, rows, columns)` of a whole projection, or of its cells → `(7, channels, rows / 4, columns)`, one per
    `CROP_TOPS`."""
    cell = GRID_ROWS // image.shape[1]
    return torch.stack([image[:, top // cell : (top + CROP_ROWS) // cell] for top in CROP_TOPS])


def called_rows(called: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`(7,)` called crops → `(1024,)`, True in the rows that at least one of them covers."""
    rows = np.zeros(GRID_ROWS, bool)
    for top in np.array(CROP_TOPS)[called]:
        rows[top : top + CROP_ROWS] = True
    return rows


def spans(rows: NDArray[np.bool_]) -> list[slice]:
    """The unbroken runs of True, from top to bottom."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(np.int8)))
    return [slice(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
