"""Folding changes nothing that counts pixels and lesions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.measures.folding import fold
from backend.measures.lesions import match
from backend.measures.overlap import overlap
from converters.regions import Mask

masks = arrays(bool, (14, 11), elements=st.sampled_from([False] * 9 + [True]))


@given(masks, masks)
def test_lesions_sizes_and_overlaps_stay(a: Mask, b: Mask) -> None:
    small_a, small_b = fold(a, b)
    before, after = match(a, b), match(small_a, small_b)
    assert (before.matched, before.only_a, before.only_b) == (after.matched, after.only_a, after.only_b)
    assert np.array_equal(before.overlaps[1:], after.overlaps[1:])
    assert overlap(a, b) == overlap(small_a, small_b)


@given(masks)
def test_no_two_empty_lines_lie_side_by_side(mask: Mask) -> None:
    (small,) = fold(mask)
    for axis in (0, 1):
        empty = ~small.any(axis=axis)
        assert not np.any(empty[1:] & empty[:-1])


def test_a_scan_with_one_lesion_becomes_as_small_as_the_lesion() -> None:
    mask = np.zeros((1024, 256), dtype=bool)
    mask[500:510, 100:120] = True
    assert fold(mask)[0].shape == (12, 22)
