"""The agreed reference: what its geometry must keep."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.adjudication.consensus import Finding, Part, compose, consensus, mean_outline

masks = arrays(bool, (12, 9), elements=st.booleans(), fill=st.just(False))


@given(masks)
def test_the_mean_of_equal_outlines_is_that_outline(mask):
    assume(mask.any())
    assert np.array_equal(mean_outline(mask, mask), mask)


@given(masks, masks)
def test_it_does_not_matter_who_is_first(a, b):
    assume(a.any() and b.any())
    assert np.array_equal(mean_outline(a, b), mean_outline(b, a))


@given(masks, masks)
@settings(max_examples=200)
def test_it_lies_between_intersection_and_union(a, b):
    assume(a.any() and b.any())
    result = mean_outline(a, b)
    assert not np.any((a & b) & ~result)
    assert not np.any(result & ~(a | b))


@given(masks, masks, st.integers(0, 5), st.integers(0, 5))
def test_where_on_the_grid_it_lies_changes_nothing(a, b, rows, columns):
    assume(a.any() and b.any())
    pad = ((rows, 3), (columns, 2))
    assert np.array_equal(mean_outline(np.pad(a, pad), np.pad(b, pad)), np.pad(mean_outline(a, b), pad))


def test_concentric_squares_meet_halfway():
    outer, inner, halfway = (np.zeros((40, 40), dtype=bool) for _ in range(3))
    outer[5:35, 5:35] = inner[15:25, 15:25] = halfway[10:30, 10:30] = True
    corners = np.count_nonzero(mean_outline(outer, inner) ^ halfway)
    assert corners <= 0.15 * np.count_nonzero(halfway)


def test_what_one_reading_alone_holds_is_ignored():
    mask = np.eye(5, dtype=bool)
    part = consensus(Finding("metastasis", mask, None))
    assert part.mask is None
    assert np.array_equal(part.ignored, mask)


def test_bladders_with_nothing_in_common_are_ignored():
    a, b = np.zeros((2, 6, 6), dtype=bool)
    a[0, 0] = b[5, 5] = True
    part = consensus(Finding("bladder", a, b))
    assert part.mask is None
    assert np.array_equal(part.ignored, a | b)


@given(masks, masks, masks)
def test_a_reference_is_disjoint_and_the_bladder_wins(lesion, bladder, silent):
    parts = [Part("metastasis", mask=lesion), Part("bladder", mask=bladder), Part("metastasis", ignored=silent)]
    reference = compose(parts, like=lesion)
    assert not np.any(reference.metastasis & reference.bladder)
    assert np.array_equal(reference.bladder, bladder)
    assert not np.any(reference.ignored & (reference.metastasis | reference.bladder))
