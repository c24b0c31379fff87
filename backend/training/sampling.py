"""What one training step sees: crops drawn from the samples by `(seed, phase, step)` alone, so that a resumed run
draws the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from backend.model.preprocessing import CROP_ROWS, Uptake, stack_windows
from backend.records import LabelMasks, SubImage, Window
from backend.training.augment import augment
from converters.grid import GRID_ROWS, GRID_SHAPE
from converters.regions import LABELS


@dataclass(frozen=True, eq=False)
class Sample:
    """One projection with its reference; `patient` is its pseudonym."""

    sub_images: Mapping[Window, SubImage]
    masks: LabelMasks
    patient: str


@dataclass(frozen=True, eq=False)
class Batch:
    """`pixels` `(n, 3, 256, 256)` float32; `target` `(n, 2, 256, 256)` float32 0/1; `counted` `(n, 1, 256, 256)` bool,
    False where the reference says neither lesion nor background."""

    pixels: torch.Tensor
    target: torch.Tensor
    counted: torch.Tensor


@dataclass(frozen=True, eq=False)
class _Prepared:
    uptake: Uptake
    masks: NDArray[np.bool_]
    """`(3, 1024, 256)`: the labels in order, then ignored."""
    lesion_rows: NDArray[np.intp]


class Sampler:
    """Draws training crops, some of them around a lesion pixel where any sample has one.

    Args:
        samples: at least one.
        batch: crops per step.
        seed: of the run.
    """

    def __init__(self, samples: Sequence[Sample], batch: int, seed: int) -> None:
        self._samples = [_prepare(sample) for sample in samples]
        self._with_lesion = [index for index, one in enumerate(self._samples) if one.lesion_rows.size]
        self._batch = batch
        self._seed = seed

    def draw(self, phase: int, step: int, lesion_share: float) -> Batch:
        """The batch of one step of one phase; the same arguments give the same batch."""
        chance = np.random.default_rng((self._seed, phase, step))
        wanted = round(lesion_share * self._batch)
        crops = [self._crop(chance, want_lesion=index < wanted) for index in range(self._batch)]
        pixels, masks = augment(np.stack([c[0] for c in crops]), np.stack([c[1] for c in crops]), chance)
        labels = len(LABELS)
        return Batch(pixels, masks[:, :labels], masks[:, labels:] < 0.5)

    def _crop(self, chance: np.random.Generator, *, want_lesion: bool) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        if want_lesion and self._with_lesion:
            one = self._samples[chance.choice(self._with_lesion)]
            top = int(chance.choice(one.lesion_rows)) - int(chance.integers(CROP_ROWS))
        else:
            one = self._samples[chance.integers(len(self._samples))]
            top = int(chance.integers(GRID_ROWS - CROP_ROWS + 1))
        top = min(max(top, 0), GRID_ROWS - CROP_ROWS)
        rows = slice(top, top + CROP_ROWS)
        return one.uptake[:, rows], one.masks[:, rows]


def _prepare(sample: Sample) -> _Prepared:
    masks = sample.masks
    ignored = masks.ignored if masks.ignored is not None else np.zeros(GRID_SHAPE, bool)
    by_label = [masks[label] & ~ignored for label in LABELS]
    return _Prepared(
        stack_windows(sample.sub_images), np.stack([*by_label, ignored]), np.flatnonzero(by_label[0].any(axis=1))
    )
