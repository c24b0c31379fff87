"""Bone-scan-like images that a tiny network can learn in a few steps: a warm spine, bright lesions, a hot bladder."""

from collections.abc import Callable

import numpy as np
import pytest

from backend.records import LabelMasks
from backend.training.sampling import Sample
from converters.grid import GRID_SHAPE


def _disc(row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.ogrid[: GRID_SHAPE[0], : GRID_SHAPE[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


@pytest.fixture
def blob_samples() -> Callable[[int, int], list[Sample]]:
    """`(count, seed)` → samples of as many patients, every second one with lesions."""

    def make(count: int, seed: int) -> list[Sample]:
        chance = np.random.default_rng(seed)
        samples = []
        for index in range(count):
            uptake = chance.poisson(8, GRID_SHAPE).astype(float)
            uptake[100:700, 118:138] += 60
            bladder = _disc(640, 128 + chance.integers(-8, 8), 18)
            lesions = np.zeros(GRID_SHAPE, bool)
            if index % 2 == 0:
                for _ in range(3):
                    lesions |= _disc(chance.integers(120, 600), chance.integers(90, 166), chance.integers(4, 10))
            lesions &= ~bladder
            uptake[lesions] += 130
            uptake[bladder] = 255
            image = (255 - np.clip(uptake, 0, 255)).astype(np.uint8)
            samples.append(Sample({"low": image, "high": image}, LabelMasks(lesions, bladder), f"P{seed}-{index}"))
        return samples

    return make
