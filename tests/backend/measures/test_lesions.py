import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.measures.lesions import LesionMatch, components, false_lesions, match
from converters.regions import Mask

masks = arrays(bool, (12, 9), elements=st.sampled_from([False, False, True]))


def strip(*columns: tuple[int, int]) -> Mask:
    mask = np.zeros((4, 40), dtype=bool)
    for first, last in columns:
        mask[:, first:last] = True
    return mask


def test_pixels_that_touch_at_a_corner_are_one_lesion() -> None:
    assert components(np.eye(5, dtype=bool))[1] == 1


def test_an_empty_mask_has_no_lesions() -> None:
    assert match(strip(), strip()).matched == ()
    assert match(strip(), strip((0, 3))).only_b == (1,)


def test_a_pair_at_the_threshold_matches_and_below_it_does_not() -> None:
    assert match(strip((0, 10)), strip((0, 1)), iou=0.1).matched == ((1, 1, 0.1),)
    assert match(strip((0, 11)), strip((0, 1)), iou=0.1).matched == ()


def test_the_greatest_total_overlap_wins_over_the_greedy_pair() -> None:
    found = match(strip((0, 10), (11, 15)), strip((4, 13), (14, 20)), iou=0.05)
    assert [(i, j) for i, j, _ in found.matched] == [(1, 1), (2, 2)]


def test_one_large_lesion_over_two_small_ones_matches_only_one_of_them() -> None:
    found = match(strip((0, 20)), strip((0, 9), (10, 20)))
    assert len(found.matched) == 1
    assert found.matched[0][1] == 2
    assert found.only_b == (1,)


def iou(found: LesionMatch, i: int, j: int) -> float:
    a, b = found.labels_a == i, found.labels_b == j
    return float((a & b).sum() / (a | b).sum())


@given(masks, masks)
def test_matching_is_one_to_one_complete_and_maximal(a: Mask, b: Mask) -> None:
    found = match(a, b)
    in_a, in_b = [i for i, _, _ in found.matched], [j for _, j, _ in found.matched]
    assert sorted(in_a + list(found.only_a)) == list(range(1, components(a)[1] + 1))
    assert sorted(in_b + list(found.only_b)) == list(range(1, components(b)[1] + 1))
    assert all(ratio == iou(found, i, j) >= 0.1 for i, j, ratio in found.matched)
    assert all(iou(found, i, j) < 0.1 for i in found.only_a for j in found.only_b)


@given(masks, masks)
def test_matching_weighs_the_same_both_ways(a: Mask, b: Mask) -> None:
    there, back = match(a, b).matched, match(b, a).matched
    assert np.isclose(sum(ratio for *_, ratio in there), sum(ratio for *_, ratio in back))


def test_a_lesion_without_partner_is_false_unless_more_than_half_of_it_is_ignored() -> None:
    a, truth, ignored = (np.zeros((4, 12), dtype=bool) for _ in range(3))
    a[1, 0:4] = a[1, 6:10] = a[3, 0] = truth[3, 0] = True
    ignored[1, 0:2] = ignored[1, 6:9] = True
    found = match(a, truth)
    assert [found.labels_a[1, 0]] == list(false_lesions(found, ignored))
    assert len(false_lesions(found, np.zeros_like(ignored))) == 2
