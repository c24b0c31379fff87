"""No group of patients is shown to lose: which groups are judged, and how many there are to be fooled by."""

from typing import Any

import numpy as np
import pytest

from backend.promotion.gate import judge
from backend.records import GateRules, Verdict

PATIENTS = 40


def score(patient: int, lesion: float, slices: dict[str, str], bladder: float = 0.9) -> dict[str, Any]:
    return {
        "patient": f"P{patient}",
        "study": "1",
        "projection": "anterior",
        "truth_call": True,
        "reference_lesion": True,
        "lesion_pixels": 50,
        "counts": {"metastasis": [0, 0, 100], "bladder": [0, 0, 100]},
        "dice": {"metastasis": lesion, "bladder": bladder},
        "slices": slices,
    }


def healthy(patient: int) -> dict[str, Any]:
    return score(patient, 0.0, {}) | {
        "truth_call": False,
        "reference_lesion": False,
        "lesion_pixels": 0,
        "counts": {"metastasis": [0, 0, 0], "bladder": [0, 0, 100]},
        "dice": {"metastasis": None, "bladder": 0.9},
    }


def verdict(gains: dict[str, float], share: int = 5, spread: float = 0.02, **rules: Any) -> Verdict:
    """Patients of `sex` F and M, every `share`-th of them F, each group with its own gain over a champion of 0.5."""
    chance = np.random.default_rng(5)
    ours, theirs = [], []
    for patient in range(PATIENTS):
        sex = "F" if patient % share == 0 else "M"
        slices = {"sex": sex, "site": "A", "age": "unknown" if patient % 2 else "50-69"}
        ours.append(score(patient, 0.5 + gains[sex] + chance.normal(0, spread), slices))
        theirs.append(score(patient, 0.5, slices))
    others = [healthy(PATIENTS + number) for number in range(2)]
    return judge(ours + others, theirs + others, GateRules(**rules))


def of_slices(found: Verdict) -> dict[tuple[str, str], str]:
    return {check.slice: check.outcome for check in found.checks if check.slice and check.label == "metastasis"}


def test_a_gain_of_the_many_does_not_pay_for_a_loss_of_the_few() -> None:
    found = verdict({"F": -0.15, "M": 0.1}, slice_patients=8)
    assert found.differences["metastasis"].value == pytest.approx(0.05, abs=0.01)
    assert found.name == "reject"
    assert "Lesion Dice is shown to be worse by more than 0.050 in the slice sex = F (8 patients)" in found.reason
    assert of_slices(found)["sex", "M"] == "passed"


def many_looks(names: int) -> Verdict:
    """A third of the patients lose 0.13 ± 0.12, the others gain; looked for under this many names of slices."""
    chance = np.random.default_rng(2)
    ours, theirs = [], []
    for patient in range(PATIENTS):
        slices = {f"name {number}": str(chance.integers(0, 3)) for number in range(1, names)}
        slices["name 0"] = str(patient % 3)
        swing = 0.12 if patient % 2 else -0.12
        ours.append(score(patient, 0.5 + swing + (0.2 if patient % 3 else -0.13), slices))
        theirs.append(score(patient, 0.5, slices))
    others = [healthy(PATIENTS + number) for number in range(2)]
    return judge(ours + others, theirs + others)


def test_a_loss_that_many_looks_could_bring_about_by_chance_is_held_and_not_rejected() -> None:
    found = many_looks(12)
    assert of_slices(found)["name 0", "0"] == "hold"
    assert found.name == "hold"
    assert "probably worse by more than 0.050 in the slice name 0 = 0 (14 patients)" in found.reason
    assert many_looks(1).name == "reject", "the same loss, looked for in one place only"


def test_a_slice_of_few_patients_is_shown_and_not_judged() -> None:
    found = verdict({"F": -0.2, "M": 0.15}, slice_patients=9)
    assert found.name == "promote"
    [small] = [check for check in found.checks if check.slice == ("sex", "F") and check.label == "metastasis"]
    assert (small.outcome, small.requires, small.to_json()["passed"]) == ("not judged", "patients ≥ 9, has 8", None)
    assert small.figure is not None
    assert small.figure.value == pytest.approx(-0.2, abs=0.03)


def test_what_is_not_known_and_what_is_everybody_are_no_slices() -> None:
    assert set(of_slices(verdict({"F": 0.1, "M": 0.1}))) == {("sex", "F"), ("sex", "M"), ("age", "50-69")}


def test_scores_of_before_there_were_slices_are_judged_as_a_whole() -> None:
    old = [{key: value for key, value in score(patient, 0.5, {}).items() if key != "slices"} for patient in range(20)]
    better = [one | {"dice": {"metastasis": 0.6, "bladder": 0.9}} for one in old]
    others = [healthy(100), healthy(101)]
    found = judge(better + others, old + others)
    assert (found.name, of_slices(found)) == ("promote", {})


@pytest.mark.parametrize("spread", [0.02, 0.1])
def test_equal_models_are_seldom_called_worse_somewhere(spread: float) -> None:
    chance = np.random.default_rng(9)
    called = 0
    for _ in range(20):
        ours, theirs = [], []
        for patient in range(PATIENTS):
            slices = {f"name {number}": str(chance.integers(0, 3)) for number in range(6)}
            ours.append(score(patient, 0.5 + chance.normal(0, spread), slices))
            theirs.append(score(patient, 0.5, slices))
        found = judge(ours, theirs, resamples=300)
        called += any(outcome in ("hold", "reject") for outcome in of_slices(found).values())
    assert called <= 1
