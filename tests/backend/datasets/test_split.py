"""On which side a patient stands."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.datasets.split import BUCKETS, PatientCase, bucket, patient_split, study_split

patients = st.lists(
    st.builds(
        PatientCase,
        pseudonym=st.uuids().map(str),
        order=st.text("0123456789abcdef", min_size=8, max_size=8),
        pixels=st.one_of(st.just(0), st.integers(0, 200_000)),
        metastasis=st.booleans(),
        split=st.sampled_from([None, None, "train", "validation", "test"]),
    ),
    max_size=60,
)

EDGES = {0: 0, 1: 1, 9: 1, 10: 2, 99: 2, 100: 3, 999: 3, 1000: 4, 9999: 4, 10_000: 5, 99_999: 5, 100_000: 6, 262_144: 6}


@pytest.mark.parametrize(("pixels", "level"), EDGES.items())
def test_the_seven_lesion_size_buckets(pixels, level):
    assert bucket(pixels) == level
    assert len(BUCKETS) == 7


@given(patients)
def test_nobody_changes_sides(cases):
    sides = patient_split(cases)
    assert all(sides[case.pseudonym] == case.split for case in cases if case.split)
    again = [replace(case, split=sides[case.pseudonym]) for case in cases]
    assert patient_split(again) == sides


@given(patients)
def test_new_patients_go_to_train_or_validation_alone(cases):
    sides = patient_split(cases)
    assert {sides[case.pseudonym] for case in cases if case.split is None} <= {"train", "validation"}


@given(patients, st.randoms())
def test_the_order_of_asking_changes_nothing(cases, chance):
    shuffled = list(cases)
    chance.shuffle(shuffled)
    assert patient_split(shuffled) == patient_split(cases)


@given(patients)
def test_a_fifth_is_validation(cases):
    fresh = [replace(case, split=None) for case in cases]
    count = Counter(patient_split(fresh).values())["validation"]
    assert abs(count - 0.2 * len(fresh)) <= 0.5 or count == 1


def test_every_bucket_gives_its_fifth():
    sizes = [0] * 20 + [5] * 10 + [50] * 15 + [5000] * 10
    cases = [PatientCase(f"P{n}", f"{n:08x}", size, size > 0, None) for n, size in enumerate(sizes)]
    sides = patient_split(cases)
    counts = Counter(case.pixels for case in cases if sides[case.pseudonym] == "validation")
    assert counts == {0: 4, 5: 2, 50: 3, 5000: 2}


def test_two_patients_are_enough_for_a_validation_side():
    cases = [PatientCase(name, name, 10, True, None) for name in ("P1", "P2")]
    assert sorted(patient_split(cases).values()) == ["train", "validation"]


def test_the_study_split_takes_a_fifth_of_each_group_and_bucket():
    sizes = [0] * 40 + [50] * 30 + [500] * 20
    cases = [PatientCase(f"P{n}", f"{n * 7919 % 997:08x}", size, size > 0, "train") for n, size in enumerate(sizes)]
    sides = study_split(cases)
    counts = Counter(case.pixels for case in cases if sides[case.pseudonym] == "test")
    assert counts == {0: 8, 50: 6, 500: 4}
    assert Counter(sides.values())["validation"] == pytest.approx(0.2 * 72, abs=1)
