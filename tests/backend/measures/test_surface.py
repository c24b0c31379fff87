import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from backend.measures.surface import hd95, mean_surface_distance, surface_distances
from converters.regions import Mask

masks = arrays(bool, (12, 9), elements=st.sampled_from([False, False, True]))


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


@given(masks, masks)
def test_distances_are_those_of_a_distance_transform(a: Mask, b: Mask) -> None:
    found = surface_distances(a, b, 2.4)
    if not a.any() or not b.any():
        assert found is None
        return
    border_a, border_b = (mask & ~ndimage.binary_erosion(mask) for mask in (a, b))
    to_a, to_b = (ndimage.distance_transform_edt(~border, sampling=2.4) for border in (border_a, border_b))
    directed = to_b[border_a], to_a[border_b]
    assert found is not None
    assert found.hd95 == pytest.approx(max(np.percentile(one, 95) for one in directed))
    assert found.mean == pytest.approx(np.concatenate(directed).mean())
    assert found.border_pixels == border_a.sum() + border_b.sum()


@given(masks, masks)
def test_either_order_gives_the_same_and_no_distance_is_longer_than_the_image(a: Mask, b: Mask) -> None:
    there, back = surface_distances(a, b, 1.0), surface_distances(b, a, 1.0)
    if there is None or back is None:
        assert there is back
        return
    assert (there.hd95, there.mean) == pytest.approx((back.hd95, back.mean))
    assert 0 <= there.hd95 <= np.hypot(11, 8)
    assert 0 <= there.mean <= np.hypot(11, 8)


@given(masks, masks, st.integers(0, 5), st.integers(0, 5))
def test_empty_space_around_changes_nothing(a: Mask, b: Mask, above: int, left: int) -> None:
    wider = [np.pad(mask, ((above, 3), (left, 2))) for mask in (a, b)]
    assert surface_distances(*wider, 1.0) == surface_distances(a, b, 1.0)


@given(masks, masks)
def test_the_surface_dice_counts_the_border_within_a_pixel_of_the_other(a: Mask, b: Mask) -> None:
    found = surface_distances(a, b, 2.4)
    if found is None:
        return
    border_a, border_b = (mask & ~ndimage.binary_erosion(mask) for mask in (a, b))
    near_a, near_b = (ndimage.binary_dilation(border) for border in (border_a, border_b))
    near = (border_a & near_b).sum() + (border_b & near_a).sum()
    assert found.surface_dice == pytest.approx(near / (border_a.sum() + border_b.sum()))
    assert surface_distances(a, a, 1.0).surface_dice == 1  # type: ignore[union-attr]
