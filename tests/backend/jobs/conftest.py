"""A home whose references are enough to train on and to judge by."""

from collections.abc import Callable

import pytest

from backend.jobs.steps import agree
from backend.settings import Settings

LEARNERS, SEQUESTERED = 4, 4


@pytest.fixture
def trainable(
    settings: Settings,
    add_study: Callable[..., dict[str, int]],
    add_reader: Callable[..., int],
    add_reading: Callable[..., int],
    box: Callable[..., object],
) -> Settings:
    """Eight patients with one projection each, half of them sequestered, half of either with a lesion, all agreed."""
    readers = [add_reader("first", 1), add_reader("second", 2)]
    for number in range(LEARNERS + SEQUESTERED):
        study = add_study(f"s{number}", sequestered=number >= LEARNERS, projections=("anterior",))
        regions = [box(600, 118, 30, 20, "bladder")] + [box(200, 100, 20, 12)] * (number % 2)
        for reader in readers:
            add_reading(reader, study["anterior"], *regions)
    agree.settle(settings)
    return settings
