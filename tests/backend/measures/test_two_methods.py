import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.measures.two_methods import two_methods

LARGE_METER = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI_METER = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
"""Peak expiratory flow in l/min of 17 subjects, first measurements: J. M. Bland, D. G. Altman, Lancet 327, 307 (1986),
table 1."""

JUDGES = np.array([(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)], dtype=float)
"""Six targets by four judges: P. E. Shrout, J. L. Fleiss, Psychol. Bull. 86, 420 (1979), table 2."""


def _subjects(first: object, second: object) -> dict[str, list[tuple[float, float]]]:
    return {f"s{i:02}": [(float(a), float(b))] for i, (a, b) in enumerate(zip(first, second, strict=True))}  # type: ignore[call-overload]


def _icc_of_table(ratings: NDArray[np.float64]) -> float:
    """ICC(A,1) by analysis of variance, for any number of judges."""
    n, k = ratings.shape
    grand, of_row, of_column = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    rows = k * ((of_row - grand) ** 2).sum() / (n - 1)
    columns = n * ((of_column - grand) ** 2).sum() / (k - 1)
    error = ((ratings - of_row[:, None] - of_column + grand) ** 2).sum() / ((n - 1) * (k - 1))
    return float((rows - error) / (rows + (k - 1) * error + k * (columns - error) / n))


def test_bland_and_altmans_own_example() -> None:
    found = two_methods(_subjects(LARGE_METER, MINI_METER))
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    spread = (found.upper.value - found.bias.value) / 1.96  # type: ignore[operator]
    assert spread == pytest.approx(38.8, abs=0.05)
    # they give −79.7 and 75.5, with two deviations for 1.96
    assert found.lower.value == pytest.approx(-2.1 - 1.96 * 38.8, abs=0.2)
    assert found.bias.n == 17
    # their interval of the bias is −22.0 to 17.8, by Student's t
    assert found.bias.low == pytest.approx(-22.0, abs=4)
    assert found.bias.high == pytest.approx(17.8, abs=4)
    # theirs of the lower limit is −114.3 to −45.1
    assert found.lower.low < -95 < -60 < found.lower.high  # type: ignore[operator]


def test_the_yardstick_for_the_icc_gives_shrout_and_fleiss_published_value() -> None:
    assert _icc_of_table(JUDGES) == pytest.approx(0.29, abs=0.005)


@pytest.mark.parametrize("judges", [(0, 1), (0, 3), (1, 2), (2, 3)])
def test_the_icc_of_two_judges_is_that_of_the_table(judges: tuple[int, int]) -> None:
    two = JUDGES[:, judges]
    assert two_methods(_subjects(*two.T)).icc.value == pytest.approx(_icc_of_table(two))


numbers = st.floats(0, 1).map(lambda value: round(value, 3))


@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=12))
def test_every_figure_is_that_of_the_plain_formulas(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    found, difference = two_methods(_subjects(first, second), resamples=20), first - second
    assert found.bias.value == pytest.approx(difference.mean(), abs=1e-12)
    assert found.absolute.value == pytest.approx(np.abs(difference).mean())
    assert found.upper.value == pytest.approx(difference.mean() + 1.96 * difference.std(ddof=1), abs=1e-6)
    if first.std() + second.std() > 0.01:
        assert found.icc.value == pytest.approx(_icc_of_table(np.array(pairs)), abs=1e-6)


def test_studies_of_one_patient_are_drawn_together() -> None:
    alone = two_methods({f"{i}": [(a, 0.0)] for i, a in enumerate([1.0, 1, 2, 2, 3, 3])})
    together = two_methods({f"{i}": [(a, 0.0)] * 2 for i, a in enumerate([1.0, 2, 3])})
    assert alone.bias.value == together.bias.value
    assert together.bias.high - together.bias.low > alone.bias.high - alone.bias.low  # type: ignore[operator]


def test_what_cannot_be_told_is_undefined() -> None:
    none, one = two_methods({}), two_methods({"a": [(0.2, 0.1)]})
    same = two_methods({"a": [(0.2, 0.2)], "b": [(0.2, 0.2)]})
    assert (none.bias.value, none.icc.value, none.bias.n) == (None, None, 0)
    assert one.bias.value == pytest.approx(0.1)
    assert one.lower.value is None
    assert one.icc.value is None
    assert same.icc.value is None
    assert same.lower.value == 0
