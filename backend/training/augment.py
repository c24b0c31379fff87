"""Changes that leave a bone scan plausible: fewer counts, other windows, mirror, small shift, scale and turn."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from backend.model.preprocessing import BACKGROUND, CROP_ROWS, to_input
from converters.grid import GRID_COLUMNS

MARGIN = 40
"""Rows above and below a crop that may move into it."""
SLAB_ROWS = CROP_ROWS + 2 * MARGIN

MAX_TURN_DEGREES = 6.0
MAX_SCALE = 0.12
MAX_SHIFT = 0.06
"""Of half the crop's size."""
MAX_GAIN = 0.25
MAX_GAMMA = 0.2
THINNED_SHARE = 0.5
"""Of the crops, that lose counts."""
COUNT_VALUES = (0.004, 0.12)
"""What one count of a thinned scan is worth, as a share of the low window's upper level."""


@dataclass(frozen=True, eq=False)
class Slabs:
    """Crops with `MARGIN` rows on either side, on one device.

    Args:
        uptake: `(n, 2, 336, 256)` uint8, low and high window, hotter = larger.
        masks: `(n, 3, 336, 256)` uint8 0/1, the labels in order, then ignored.
        ratio: `(n,)` float32, upper level of the high window over that of the low one.
    """

    uptake: torch.Tensor
    masks: torch.Tensor
    ratio: torch.Tensor

    def plain(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The crops as they are: as `augment` returns them."""
        rows = slice(MARGIN, MARGIN + CROP_ROWS)
        return _last(to_input(self.uptake[:, :, rows].float())), self.masks[:, :, rows].float()


def augment(slabs: Slabs, chance: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """One random change per crop, the same for pixels and masks where it moves them.

    Returns:
        network input `(n, 3, 256, 256)` float32 and masks `(n, 3, 256, 256)` float32 0/1.
    """
    pixels = to_input(_windowed(_thinned(_heat(slabs), chance), slabs.ratio, chance)) - BACKGROUND
    grid = _grid(len(pixels), chance).to(pixels.device)
    moved = functional.grid_sample(pixels, grid, mode="bilinear", align_corners=False) + BACKGROUND
    masks = functional.grid_sample(slabs.masks.float(), grid, mode="nearest", align_corners=False)
    return _last(moved), masks


def _heat(slabs: Slabs) -> torch.Tensor:
    """`(n, 1, rows, columns)` uptake behind both windows, 1 = the low window's upper level."""
    low, high = (slabs.uptake[:, index : index + 1].float() / 255 for index in range(2))
    return torch.where(low < 1, low, torch.maximum(low, high * slabs.ratio[:, None, None, None]))


def _thinned(heat: torch.Tensor, chance: np.random.Generator) -> torch.Tensor:
    """Some crops counted again as if each count were worth more, so that there are fewer: Poisson noise of that."""
    chosen = np.flatnonzero(chance.random(len(heat)) < THINNED_SHARE)
    fewest, most = np.log(COUNT_VALUES)
    worth = np.exp(chance.uniform(fewest, most, len(heat))).astype(np.float32)[chosen]
    generator = torch.Generator(heat.device).manual_seed(int(chance.integers(2**62)))
    if not chosen.size:
        return heat
    rows = torch.from_numpy(chosen).to(heat.device)
    unit = torch.from_numpy(worth).to(heat.device)[:, None, None, None]
    return heat.index_copy(0, rows, torch.poisson(heat[rows] / unit, generator) * unit)


def _windowed(heat: torch.Tensor, ratio: torch.Tensor, chance: np.random.Generator) -> torch.Tensor:
    """`(n, 2, rows, columns)` in whole grey levels of 0…255: both windows at other levels and another curve."""
    gain = np.exp(chance.uniform(-MAX_GAIN, MAX_GAIN, (2, len(heat), 1, 1, 1))).astype(np.float32)
    gamma = np.exp(chance.uniform(-MAX_GAMMA, MAX_GAMMA, (len(heat), 1, 1, 1))).astype(np.float32)
    low, high = (torch.from_numpy(one).to(heat.device) for one in gain)
    both = torch.cat([heat * low, heat * high / ratio[:, None, None, None]], dim=1).clamp(0, 1)
    return (both ** torch.from_numpy(gamma).to(heat.device) * 255).round()


def _grid(count: int, chance: np.random.Generator) -> torch.Tensor:
    """`(count, 256, 256, 2)`: where in its slab each pixel of a crop comes from."""
    moves = torch.from_numpy(np.stack([_move(chance) for _ in range(count)]))
    grid = functional.affine_grid(moves, [count, 1, CROP_ROWS, GRID_COLUMNS], align_corners=False)
    return grid * torch.tensor([1.0, CROP_ROWS / SLAB_ROWS])


def _move(chance: np.random.Generator) -> NDArray[np.float32]:
    """A `(2, 3)` affine map from output to input coordinates, each in [-1, 1] of the crop."""
    turn = math.radians(chance.uniform(-MAX_TURN_DEGREES, MAX_TURN_DEGREES))
    scale = math.exp(chance.uniform(-MAX_SCALE, MAX_SCALE))
    mirror = chance.choice([-1.0, 1.0])
    column, row = chance.uniform(-MAX_SHIFT, MAX_SHIFT, 2)
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    rows = [[mirror * cosine, -sine, column], [mirror * sine, cosine, row]]
    return np.array(rows, dtype=np.float32)


def _last(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.contiguous(memory_format=torch.channels_last)
