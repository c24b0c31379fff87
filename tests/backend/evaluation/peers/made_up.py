"""Made-up masks that every Python of the comparison makes alike: numpy alone."""

import numpy as np

SHAPE = (160, 96)
FIRST, CASES = 20260101, 24


def discs(random, count):
    """`(rows, columns)` bool with so many discs of 1 to 8 pixels radius."""
    row, column = np.indices(SHAPE)
    mask = np.zeros(SHAPE, bool)
    for _ in range(count):
        centre, radius = random.integers(8, [SHAPE[0] - 8, SHAPE[1] - 8]), random.uniform(1, 8)
        mask |= (row - centre[0]) ** 2 + (column - centre[1]) ** 2 <= radius**2
    return mask


def case(number):
    """Two masks: the second is the first moved, without some of it, and with more."""
    random = np.random.default_rng(FIRST + number)
    first = discs(random, int(random.integers(1, 7)))
    second = np.roll(first, random.integers(-2, 3, 2), axis=(0, 1))
    second[: int(random.integers(0, SHAPE[0] // 2))] = False
    second |= discs(random, int(random.integers(0, 3)))
    return first, second
