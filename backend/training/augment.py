"""Changes that leave a bone scan plausible: mirror, small shift, scale and turn, other counts and windows."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from backend.model.preprocessing import BACKGROUND, to_input

MAX_TURN_DEGREES = 6.0
MAX_SCALE = 0.12
MAX_SHIFT = 0.06
"""Of half the crop's size."""
MAX_GAIN = 0.2
MAX_GAMMA = 0.2


def augment(
    uptake: NDArray[np.uint8], masks: NDArray[np.bool_], chance: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """One random change per crop, the same for pixels and masks where it moves them.

    Args:
        uptake: `(n, 2, rows, columns)` uint8, hotter = larger.
        masks: `(n, k, rows, columns)` bool.

    Returns:
        network input `(n, 3, rows, columns)` float32 and masks `(n, k, rows, columns)` float32 0/1.
    """
    pixels = to_input(_jitter_intensity(uptake, chance))
    moves = torch.from_numpy(np.stack([_move(chance) for _ in range(len(uptake))]))
    grid = functional.affine_grid(moves, [len(uptake), 1, *uptake.shape[-2:]], align_corners=False)
    moved = functional.grid_sample(pixels - BACKGROUND, grid, mode="bilinear", align_corners=False) + BACKGROUND
    moved_masks = functional.grid_sample(
        torch.from_numpy(masks.astype(np.float32)), grid, mode="nearest", align_corners=False
    )
    return moved.contiguous(memory_format=torch.channels_last), moved_masks


def _jitter_intensity(uptake: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.float32]:
    shape = (len(uptake), 1, 1, 1)
    gain = np.exp(chance.uniform(-MAX_GAIN, MAX_GAIN, shape)).astype(np.float32)
    gamma = np.exp(chance.uniform(-MAX_GAMMA, MAX_GAMMA, shape)).astype(np.float32)
    return np.asarray(np.clip((uptake / np.float32(255)) ** gamma * gain, 0, 1) * 255, np.float32)


def _move(chance: np.random.Generator) -> NDArray[np.float32]:
    """A `(2, 3)` affine map from output to input coordinates, each in [-1, 1]."""
    turn = math.radians(chance.uniform(-MAX_TURN_DEGREES, MAX_TURN_DEGREES))
    scale = math.exp(chance.uniform(-MAX_SCALE, MAX_SCALE))
    mirror = chance.choice([-1.0, 1.0])
    column, row = chance.uniform(-MAX_SHIFT, MAX_SHIFT, 2)
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    rows = [[mirror * cosine, -sine, column], [mirror * sine, cosine, row]]
    return np.array(rows, dtype=np.float32)
