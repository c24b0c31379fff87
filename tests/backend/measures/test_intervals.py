import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from backend.measures.intervals import (
    bootstrap,
    bootstrap_mean,
    delong_auc,
    paired_difference,
    pooled_dice_of_sums,
    wilson,
)
from backend.measures.overlap import Overlap, pooled_dice
from backend.records import Figure

values = st.lists(st.floats(0, 1), min_size=0, max_size=2)
cohorts = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), values, max_size=6)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(counts: tuple[int, int]) -> None:
    k, n = counts
    figure, expected = wilson(k, n), binomtest(k, n).proportion_ci(method="wilson")
    assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (figure.value, figure.n, figure.k) == (k / n, n, k)


def test_wilson_of_the_published_sensitivity() -> None:
    figure = wilson(50, 54)
    assert figure.value == pytest.approx(0.9259, abs=1e-4)
    assert (figure.low, figure.high) == pytest.approx((0.8245, 0.9708), abs=1e-3)


def test_a_proportion_of_nothing_is_undefined_and_an_impossible_one_refused() -> None:
    assert wilson(0, 0) == Figure(None, None, None, 0, 0)
    with pytest.raises(ValueError, match="no proportion"):
        wilson(3, 2)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_the_area_under_the_curve_agrees_with_scikit_learn_ties_included(cases: list[tuple[bool, int]]) -> None:
    truth, score = [one for one, _ in cases], [one for _, one in cases]
    figure = delong_auc(truth, score)
    if len(set(truth)) < 2:
        assert figure == Figure(None, None, None, len(cases))
        return
    assert figure.value == pytest.approx(roc_auc_score(truth, score))
    if figure.low is not None and figure.high is not None and figure.value is not None:
        assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_delongs_variance_is_that_of_the_placement_values() -> None:
    cases, controls = np.array([0.4, 0.7, 0.9, 0.35]), np.array([0.1, 0.5, 0.35])
    wins = (cases[:, None] > controls) + 0.5 * (cases[:, None] == controls)
    variance = wins.mean(axis=1).var(ddof=1) / 4 + wins.mean(axis=0).var(ddof=1) / 3
    figure = delong_auc([True] * 4 + [False] * 3, [*cases, *controls])
    assert figure.value == pytest.approx(wins.mean())
    assert figure.low == pytest.approx(max(0, wins.mean() - 1.959964 * variance**0.5))


def test_one_patient_of_a_class_gives_an_area_without_an_interval() -> None:
    figure = delong_auc([True, False, False], [0.9, 0.1, 0.2])
    assert (figure.value, figure.low, figure.high) == (1, None, None)


def test_the_mean_is_over_projections_and_the_interval_over_patients() -> None:
    figure = bootstrap_mean({"a": [1.0, 1.0, None], "b": [0.0]})
    assert figure.value == pytest.approx(2 / 3)
    assert (figure.low, figure.high, figure.n) == (0, 1, 3)


@given(cohorts)
def test_the_mean_lies_in_its_interval_whatever_the_order_of_patients(cohort: dict[str, list[float]]) -> None:
    figure = bootstrap_mean(cohort, resamples=200)
    assert figure == bootstrap_mean(dict(reversed(cohort.items())), resamples=200)
    assert figure.n == sum(map(len, cohort.values()))
    if figure.low is not None and figure.high is not None:
        assert -1e-9 <= figure.low <= figure.high <= 1 + 1e-9


@pytest.mark.parametrize("cohort", [{}, {"a": []}, {"a": [None], "b": [None]}])
def test_without_values_there_is_no_figure(cohort: dict[str, list[float | None]]) -> None:
    assert bootstrap_mean(cohort) == Figure(None, None, None, 0)


def test_one_patient_has_a_value_but_no_interval() -> None:
    assert bootstrap_mean({"a": [0.5, 0.7]}) == Figure(pytest.approx(0.6), None, None, 2)


def test_the_same_seed_gives_the_same_interval_and_scipys_normal_theory_is_near() -> None:
    scores = np.random.default_rng(1).normal(0.7, 0.1, 200)
    cohort = {str(number): [float(score)] for number, score in enumerate(scores)}
    figure = bootstrap_mean(cohort, seed=3)
    assert figure == bootstrap_mean(cohort, seed=3)
    half = 1.96 * scores.std(ddof=1) / 200**0.5
    assert (figure.low, figure.high) == pytest.approx((scores.mean() - half, scores.mean() + half), abs=half / 10)


def test_pooled_dice_is_resampled_from_summed_counts() -> None:
    overlaps = {"a": [Overlap(90, 100, 100)], "b": [Overlap(0, 0, 100), Overlap(5, 10, 10)]}
    figure = bootstrap(overlaps, pooled_dice_of_sums)
    assert figure.value == pooled_dice([one for of_patient in overlaps.values() for one in of_patient])
    assert (figure.low, figure.high, figure.n) == (pytest.approx(10 / 120), pytest.approx(0.9), 3)


def test_pooled_dice_of_empty_masks_is_undefined() -> None:
    assert bootstrap({"a": [Overlap(0, 0, 0)], "b": [Overlap(0, 0, 0)]}, pooled_dice_of_sums).value is None


def test_a_paired_difference_is_narrower_than_its_sides() -> None:
    random = np.random.default_rng(0)
    champion = {str(number): [float(value)] for number, value in enumerate(random.uniform(0.3, 0.9, 40))}
    challenger = {patient: [given[0] + 0.05] for patient, given in champion.items()}
    figure = paired_difference(challenger, champion)
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.05, 0.05, 0.05))


def test_a_value_that_one_side_lacks_leaves_the_pair_out() -> None:
    figure = paired_difference({"a": [0.5, None], "b": [0.5]}, {"a": [0.25, 0.9], "b": [0.0]})
    assert (figure.value, figure.n) == (0.375, 2)


@pytest.mark.parametrize(
    "other", [{"a": [0.1]}, {"a": [0.1, 0.2], "c": [0.1]}], ids=["fewer values", "another patient"]
)
def test_sides_that_do_not_pair_are_refused(other: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="same cases"):
        paired_difference({"a": [0.1, 0.2], "b": [0.3]}, other)
