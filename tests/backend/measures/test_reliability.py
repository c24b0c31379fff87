import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from backend.measures.reliability import BINS, EDGES, brier, calibration_error, flat, reliability_bins, summed

cases = st.lists(st.tuples(st.integers(0, 1000).map(lambda n: n / 1000), st.booleans()), min_size=1, max_size=60)


@given(cases)
def test_the_brier_score_is_scikit_learns(given_cases: list[tuple[float, bool]]) -> None:
    p, y = (np.array(one) for one in zip(*given_cases, strict=True))
    sums = np.array(flat(reliability_bins(p, y)))
    assert brier(sums) == pytest.approx(brier_score_loss(y, p, pos_label=True))


def test_the_bins_of_a_tenth_are_scikit_learns() -> None:
    random = np.random.default_rng(0)
    p = random.random(5000)
    y = random.random(5000) < p**2
    bins = np.array(reliability_bins(p, y))
    share, mean = calibration_curve(y, p, n_bins=10)
    assert bins[2:, 2] / bins[2:, 0] == pytest.approx(share[1:])
    assert bins[2:, 1] / bins[2:, 0] == pytest.approx(mean[1:])
    expected = np.average(np.abs(share - mean)[1:], weights=bins[2:, 0])
    assert calibration_error(np.array(flat(bins.tolist(), first=2))) == pytest.approx(expected)


def test_a_probability_that_means_what_it_says_has_no_error_and_a_certain_mistake_the_whole() -> None:
    right = np.array(flat(reliability_bins([0.25] * 4, [True, False, False, False])))
    assert calibration_error(right) == 0
    assert brier(right) == pytest.approx(0.25 * 0.75)
    assert calibration_error(np.array(flat(reliability_bins([1.0, 1.0], [False, False])))) == 1


@given(cases)
def test_every_case_is_in_one_bin_that_holds_its_probability(given_cases: list[tuple[float, bool]]) -> None:
    for p, y in given_cases:
        bins = reliability_bins([p], [y])
        (place,) = (index for index, row in enumerate(bins) if row[0])
        assert EDGES[place] <= p <= EDGES[place + 1]
    whole = reliability_bins(*zip(*given_cases, strict=True))
    parts = {str(i): [flat(reliability_bins([p], [y]))] for i, (p, y) in enumerate(given_cases)}
    assert summed(parts) == pytest.approx(np.array(whole))


def test_nothing_has_no_error() -> None:
    assert np.isnan(calibration_error(np.zeros(BINS * 4)))
    assert summed({}).shape == (BINS, 4)
