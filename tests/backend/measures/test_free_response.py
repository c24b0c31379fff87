import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.measures.free_response import MOST_STEPS, FreeResponse
from backend.records import Figure

PATIENTS = ("a", "b", "c")
CANDIDATES = {"a": [(0.9, True), (0.8, False), (0.3, True)], "b": [(0.7, True), (0.6, False), (0.2, False)]}
LESIONS = {"a": 3, "b": 1, "c": 1}
STUDIES = dict.fromkeys(PATIENTS, 1)


@pytest.fixture
def curve() -> FreeResponse:
    return FreeResponse.of(CANDIDATES, LESIONS, STUDIES)


def test_each_confidence_is_a_point_of_the_curve(curve: FreeResponse) -> None:
    expected = [
        (0, 0.2, 0.9),
        (1 / 3, 0.2, 0.8),
        (1 / 3, 0.4, 0.7),
        (2 / 3, 0.4, 0.6),
        (2 / 3, 0.6, 0.3),
        (1, 0.6, 0.2),
    ]
    assert curve.points() == [pytest.approx(point) for point in expected]


def test_the_sensitivity_is_the_highest_with_at_most_so_many_false_regions(curve: FreeResponse) -> None:
    at = curve.sensitivity_at((0.1, 0.34, 0.5, 1.0, 8.0))
    assert [figure.value for figure in at] == pytest.approx([0.2, 0.4, 0.4, 0.6, 0.6])
    assert all(figure.n == 5 for figure in at)
    assert all(figure.low <= figure.value <= figure.high for figure in at)  # type: ignore[operator]


def test_no_false_region_is_needed_to_find_nothing() -> None:
    nothing = FreeResponse.of({}, LESIONS, STUDIES)
    assert nothing.points() == []
    assert nothing.sensitivity_at((1.0,))[0].value == 0


def test_without_lesions_nothing_can_be_found(curve: FreeResponse) -> None:
    empty = FreeResponse.of(CANDIDATES, dict.fromkeys(PATIENTS, 0), STUDIES)
    assert empty.points() == []
    assert empty.sensitivity_at((1.0,)) == [Figure(None, None, None, 0)]


candidates = st.dictionaries(
    st.sampled_from(PATIENTS), st.lists(st.tuples(st.integers(0, 9).map(float), st.booleans()), max_size=6)
)


@given(candidates)
def test_counts_are_those_of_counting_one_by_one(given_candidates: dict[str, list[tuple[float, bool]]]) -> None:
    lesions = dict.fromkeys(PATIENTS, 6)
    for false, found, least in FreeResponse.of(given_candidates, lesions, STUDIES).points():
        every = [one for given in given_candidates.values() for one in given if one[0] >= least]
        assert false == pytest.approx(sum(not true for _, true in every) / 3)
        assert found == pytest.approx(sum(true for _, true in every) / 18)


def test_a_long_curve_keeps_its_ends() -> None:
    many = {"a": [(float(value), True) for value in np.linspace(0, 1, 5000)]}
    points = FreeResponse.of(many, {"a": 5000}, {"a": 1}).points()
    assert len(points) == MOST_STEPS
    assert (points[0][2], points[-1][1:]) == (1.0, (1.0, 0.0))
