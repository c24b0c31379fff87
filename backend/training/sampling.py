"""What one training step sees: crops drawn from the samples by `(seed, phase, step)` alone, so that a resumed run
draws the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from backend.model.preprocessing import CROP_ROWS, stack_windows
from backend.records import LabelMasks, SubImage, Window
from backend.training.augment import MARGIN, SLAB_ROWS, Slabs, augment
from converters.grid import GRID_COLUMNS, GRID_ROWS
from converters.regions import LABELS

IGNORED = len(LABELS) + 1
"""Code of an ignored pixel; 0 is background, then come the labels in order."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One projection with its reference; `patient` is its pseudonym."""

    sub_images: Mapping[Window, SubImage]
    masks: LabelMasks
    patient: str


@dataclass(frozen=True, eq=False)
class Batch:
    """`pixels` `(n, 3, 256, 256)` float32; `target` `(n, 2, 256, 256)` float32 0/1; `counted` `(n, 1, 256, 256)` bool,
    False where the reference says neither lesion nor background; `crops` (sample number, top row) of each."""

    pixels: torch.Tensor
    target: torch.Tensor
    counted: torch.Tensor
    crops: tuple[tuple[int, int], ...]

    def part(self, rows: slice) -> "Batch":
        return Batch(self.pixels[rows], self.target[rows], self.counted[rows], self.crops[rows])


class Sampler:
    """Draws training crops, some of them around a lesion pixel where any sample has one.

    Every projection lies on `device` once, with empty rows above and below for crops at its ends.

    Args:
        samples: at least one.
        batch: crops per step.
        seed: of the run.
        augmented: whether crops are changed at random.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        batch: int,
        seed: int,
        *,
        augmented: bool = True,
        device: torch.device | str = "cpu",
    ) -> None:
        rows = GRID_ROWS + 2 * MARGIN
        uptake = torch.zeros((len(samples), 2, rows, GRID_COLUMNS), dtype=torch.uint8)
        codes = torch.zeros((len(samples), rows, GRID_COLUMNS), dtype=torch.uint8)
        self._lesion_rows: list[NDArray[np.intp]] = []
        ratios = np.ones(len(samples), np.float32)
        for index, sample in enumerate(samples):
            windows, code = stack_windows(sample.sub_images), codes_of(sample.masks)
            uptake[index, :, MARGIN : MARGIN + GRID_ROWS] = torch.from_numpy(windows)
            codes[index, MARGIN : MARGIN + GRID_ROWS] = torch.from_numpy(code)
            ratios[index] = _level_ratio(windows)
            self._lesion_rows.append(np.flatnonzero((code == 1).any(axis=1)))
        self._with_lesion = [index for index, rows in enumerate(self._lesion_rows) if rows.size]
        self._uptake, self._codes = uptake.to(device), codes.to(device)
        self._ratios = torch.from_numpy(ratios).to(device)
        self._batch, self._seed, self._augmented = batch, seed, augmented

    def draw(self, phase: int, step: int, lesion_share: float) -> Batch:
        """The batch of one step of one phase; the same arguments give the same batch."""
        chance = np.random.default_rng((self._seed, phase, step))
        wanted = round(lesion_share * self._batch)
        crops = tuple(self._place(chance, want_lesion=index < wanted) for index in range(self._batch))
        slabs = self._slabs(crops)
        pixels, masks = augment(slabs, chance) if self._augmented else slabs.plain()
        labels = len(LABELS)
        return Batch(pixels, masks[:, :labels], masks[:, labels:] < 0.5, crops)

    def _place(self, chance: np.random.Generator, *, want_lesion: bool) -> tuple[int, int]:
        """(sample, top row) of one crop."""
        if want_lesion and self._with_lesion:
            index = int(chance.choice(self._with_lesion))
            top = int(chance.choice(self._lesion_rows[index])) - int(chance.integers(CROP_ROWS))
        else:
            index = int(chance.integers(len(self._lesion_rows)))
            top = int(chance.integers(GRID_ROWS - CROP_ROWS + 1))
        return index, min(max(top, 0), GRID_ROWS - CROP_ROWS)

    def _slabs(self, crops: Sequence[tuple[int, int]]) -> Slabs:
        uptake = torch.stack([self._uptake[index, :, top : top + SLAB_ROWS] for index, top in crops])
        codes = torch.stack([self._codes[index, top : top + SLAB_ROWS] for index, top in crops])
        masks = torch.stack([codes == code for code in range(1, IGNORED + 1)], dim=1)
        chosen = torch.tensor([index for index, _ in crops], device=self._ratios.device)
        return Slabs(uptake, masks, self._ratios[chosen])


def codes_of(masks: LabelMasks) -> NDArray[np.uint8]:
    """`(1024, 256)`: 0 background, then the labels in order, then `IGNORED`."""
    codes = np.zeros(masks.metastasis.shape, np.uint8)
    for number, label in enumerate(LABELS, start=1):
        codes[masks[label]] = number
    if masks.ignored is not None:
        codes[masks.ignored] = IGNORED
    return codes


def _level_ratio(windows: NDArray[np.uint8]) -> float:
    """Upper level of the high window over that of the low one, from pixels that neither cuts off; 1 if unknown."""
    low, high = windows.astype(np.float32)
    readable = (high >= 16) & (low < 255)
    return float(max(np.median(low[readable] / high[readable]), 1.0)) if readable.any() else 1.0
