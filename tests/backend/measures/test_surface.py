import numpy as np
import pytest

from backend.measures.surface import hd95, mean_surface_distance
from converters.regions import Mask


def square(column: int) -> Mask:
    mask = np.zeros((40, 60), dtype=bool)
    mask[10:20, column : column + 10] = True
    return mask


def test_a_mask_lies_on_itself() -> None:
    assert hd95(square(10), square(10), 2.0) == 0
    assert mean_surface_distance(square(10), square(10), 2.0) == 0


def test_distances_are_in_millimetres_and_symmetric() -> None:
    assert hd95(square(10), square(40), 2.0) == 2 * hd95(square(10), square(40), 1.0)  # type: ignore[operator]
    assert hd95(square(10), square(13), 2.4) == hd95(square(13), square(10), 2.4) == pytest.approx(3 * 2.4)


def test_an_empty_mask_has_no_border_to_measure_from() -> None:
    empty = np.zeros((40, 60), dtype=bool)
    assert hd95(square(10), empty, 1.0) is None
    assert mean_surface_distance(empty, empty, 1.0) is None


def test_masks_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one grid"):
        hd95(square(10), np.ones((3, 3), dtype=bool), 1.0)
