import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from backend.measures.overlap import Overlap, dice, overlap, pooled_dice
from converters.regions import Mask

masks = arrays(bool, (6, 5))


def square(row: int, column: int, size: int) -> Mask:
    mask = np.zeros((32, 32), dtype=bool)
    mask[row : row + size, column : column + size] = True
    return mask


def test_half_overlapping_squares_have_a_dice_of_one_half() -> None:
    assert dice(square(0, 0, 10), square(0, 5, 10)) == 0.5


def test_both_empty_is_undefined_and_one_empty_is_zero() -> None:
    empty = square(0, 0, 0)
    assert dice(empty, empty) is None
    assert dice(empty, square(0, 0, 3)) == 0


def test_ignored_pixels_count_for_neither_mask() -> None:
    assert dice(square(0, 0, 10), square(0, 0, 11), ignored=square(0, 0, 11) & ~square(0, 0, 10)) == 1


def test_pooled_dice_sums_pixels_not_projections() -> None:
    assert pooled_dice([Overlap(90, 100, 100), Overlap(0, 0, 100)]) == pytest.approx(180 / 300)
    assert pooled_dice([]) is None


def test_masks_of_different_shapes_are_refused_not_padded() -> None:
    with pytest.raises(ValueError, match="one grid"):
        overlap(square(0, 0, 1), np.zeros((4, 4), dtype=bool))


@given(masks, masks)
def test_dice_is_symmetric_and_between_zero_and_one(a: Mask, b: Mask) -> None:
    value = dice(a, b)
    assert value == dice(b, a)
    assert value is None or 0 <= value <= 1


@given(masks)
def test_a_mask_agrees_with_itself(a: Mask) -> None:
    assert dice(a, a) == (1 if a.any() else None)
