import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from backend.measures.clustered import clustered_auc
from backend.measures.intervals import delong_auc
from backend.records import Figure

crops = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


@given(crops)
def test_the_area_agrees_with_scikit_learn(cases: list[tuple[str, bool, int]]) -> None:
    patients, truth, score = zip(*cases, strict=True)
    figure = clustered_auc(patients, truth, score)
    if len(set(truth)) < 2:
        assert figure == Figure(None, None, None, len(cases))
    else:
        assert figure.value == pytest.approx(roc_auc_score(truth, score))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=4, max_size=30))
def test_one_case_per_patient_gives_delongs_interval(cases: list[tuple[bool, int]]) -> None:
    truth, score = zip(*cases, strict=True)
    figure, expected = clustered_auc([f"p{i}" for i in range(len(cases))], truth, score), delong_auc(truth, score)
    assert (figure.low is None) == (expected.low is None)
    if expected.low is not None:
        assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high))


def test_the_interval_follows_obuchowskis_formula_written_out() -> None:
    random = np.random.default_rng(3)
    patient = np.repeat(np.arange(12), 4)
    truth = random.random(48) < 0.5
    score = truth + random.normal(size=48) + np.repeat(random.normal(size=12), 4)
    wins = (score[truth][:, None] > score[~truth]) + 0.5 * (score[truth][:, None] == score[~truth])
    area, m, n = wins.mean(), truth.sum(), (~truth).sum()
    sums = []
    for one in range(12):
        of_cases = wins.mean(axis=1)[patient[truth] == one]
        of_controls = wins.mean(axis=0)[patient[~truth] == one]
        sums.append((of_cases.sum() - len(of_cases) * area, of_controls.sum() - len(of_controls) * area))
    x, y = np.array(sums).T
    with_case, with_control = len(set(patient[truth])), len(set(patient[~truth]))
    s10 = with_case / ((with_case - 1) * m) * (x**2).sum()
    s01 = with_control / ((with_control - 1) * n) * (y**2).sum()
    s11 = 12 / 11 * (x * y).sum()
    half = 1.959964 * np.sqrt(s10 / m + s01 / n + 2 * s11 / (m * n))
    figure = clustered_auc([str(one) for one in patient], truth, score)
    assert (figure.low, figure.high) == pytest.approx((area - half, min(1, area + half)), rel=1e-6)


def test_crops_of_one_patient_that_say_the_same_tell_no_more_than_one_crop() -> None:
    truth, score = np.array([0, 0, 0, 1, 1, 1, 0, 1]), np.array([1, 2, 5, 4, 6, 7, 3, 2])
    once = clustered_auc([str(i) for i in range(8)], truth, score)
    nine = clustered_auc([str(i) for i in np.repeat(range(8), 9)], np.repeat(truth, 9), np.repeat(score, 9))
    assert nine.low == pytest.approx(once.low)
    assert delong_auc(np.repeat(truth, 9), np.repeat(score, 9)).low > once.low  # type: ignore[operator]


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one of each"):
        clustered_auc(["a"], [True, False], [0.1, 0.2])
