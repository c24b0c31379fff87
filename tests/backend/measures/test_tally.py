"""Ratios resampled together are those resampled alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.measures.intervals import bootstrap, bootstrap_mean, pooled_dice_of_sums
from backend.measures.tally import Tally
from backend.records import Figure

cohorts = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2), st.lists(st.floats(0, 1), min_size=1, max_size=2), max_size=6
)


@given(cohorts)
def test_a_mean_is_that_of_the_bootstrap(cohort: dict[str, list[float]]) -> None:
    tally = Tally()
    for patient, values in cohort.items():
        for value in values:
            tally.add_mean(patient, "mean", value)
    found, alone = tally.figures().get("mean", Figure(None, None, None, 0)), bootstrap_mean(cohort)
    assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert found.n == alone.n


def test_a_ratio_of_sums_is_that_of_the_bootstrap() -> None:
    counts = {"a": [(8, 10, 12)], "b": [(3, 5, 9), (0, 2, 1)], "c": [(7, 7, 7)]}
    tally = Tally()
    for patient, rows in counts.items():
        for shared, first, second in rows:
            tally.add(patient, "dice", 2 * shared, first + second)
    found, alone = tally.figures()["dice"], bootstrap(counts, pooled_dice_of_sums)
    assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert found.n == 53


def test_what_no_patient_has_is_undefined_and_what_one_has_comes_without_interval() -> None:
    tally = Tally()
    tally.add("a", "never", 0, 0)
    tally.add("a", "once", 1, 2)
    tally.add("b", "twice", 1)
    tally.add("a", "twice", 0)
    tally.add_mean("a", "absent", None)
    found = tally.figures()
    assert found["never"] == Figure(None, None, None, 0)
    assert found["once"] == Figure(0.5, None, None, 2)
    assert (found["twice"].value, found["twice"].low, found["twice"].high) == (0.5, 0, 1)
    assert "absent" not in found
    assert Tally().figures() == {}


def test_many_patients_are_drawn_as_few_are() -> None:
    tally = Tally()
    for number in range(1500):
        tally.add(str(number), "half", number % 2)
    found = tally.figures()["half"]
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.475, 0.525), abs=0.004)
