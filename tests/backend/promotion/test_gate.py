from typing import Any

import numpy as np
import pytest

from backend.errors import WrongState
from backend.promotion.gate import judge
from backend.records import GateRules


def score(
    patient: int, lesion: float, *, positive: bool = True, bladder: float = 0.9, false: int = 0
) -> dict[str, Any]:
    return {
        "patient": f"P{patient}",
        "study": "1",
        "projection": "anterior",
        "truth_call": positive,
        "reference_lesion": positive,
        "lesion_pixels": 50 if positive else false,
        "counts": {"metastasis": [0, 0, 100 * positive], "bladder": [0, 0, 100]},
        "dice": {"metastasis": lesion if positive else (0.0 if false else None), "bladder": bladder},
    }


def cohort(gain: float, spread: float = 0.01, **changes: Any) -> list[dict[str, Any]]:
    chance = np.random.default_rng(3)
    positive = [score(patient, 0.5 + gain + chance.normal(0, spread), **changes) for patient in range(20)]
    return positive + [score(patient, 0, positive=False, **changes) for patient in range(20, 40)]


CHAMPION = cohort(0.0, 0.0)


@pytest.mark.parametrize(
    ("challenger", "verdict", "word"),
    [
        pytest.param(cohort(0.05), "promote", "better", id="clearly better"),
        pytest.param(cohort(0.04, 0.12), "hold", "not excluded", id="perhaps better, perhaps worse"),
        pytest.param(cohort(0.0, 0.0), "hold", "not better", id="the same"),
        pytest.param(cohort(-0.05), "reject", "worse", id="clearly worse"),
        pytest.param(cohort(0.05, bladder=0.7), "reject", "much worse", id="bladder lost"),
        pytest.param(cohort(0.05, false=9), "hold", "False lesions", id="lesions on healthy patients"),
    ],
)
def test_the_verdict_follows_the_paired_interval(challenger: list[dict[str, Any]], verdict: str, word: str) -> None:
    found = judge(challenger, CHAMPION)
    assert found.name == verdict
    assert word in found.reason
    assert found.differences["metastasis"].n == 20


def test_the_gain_is_paired_so_that_hard_patients_do_not_hide_it() -> None:
    chance = np.random.default_rng(0)
    hardness = chance.uniform(0.1, 0.8, 20)
    healthy = [score(patient, 0, positive=False) for patient in range(20, 40)]
    champion = [score(patient, hard) for patient, hard in enumerate(hardness)] + healthy
    challenger = [score(patient, hard + 0.03) for patient, hard in enumerate(hardness)] + healthy
    assert judge(challenger, champion).name == "promote"


@pytest.mark.parametrize(("positive", "negative"), [(1, 5), (5, 1), (0, 0)])
def test_no_gate_passes_on_a_test_set_that_is_too_small(positive: int, negative: int) -> None:
    def few(lesion: float) -> list[dict[str, Any]]:
        healthy = [score(100 + patient, 0, positive=False) for patient in range(negative)]
        return [score(patient, lesion) for patient in range(positive)] + healthy

    for champion in (few(0.1), None):
        found = judge(few(0.9), champion)
        assert found.name == "hold"
        assert "too small" in found.reason


def test_without_a_champion_the_first_model_may_serve() -> None:
    assert judge(CHAMPION, None).name == "promote"


@pytest.mark.parametrize(
    ("lesion", "bladder", "words"),
    [
        pytest.param(
            0.2,
            0.9,
            "Lesion Dice 0.200 (95 % interval 0.200 to 0.200, n = 20) is below the floor of 0.300",
            id="lesions",
        ),
        pytest.param(0.6, 0.4, "Bladder Dice 0.400", id="bladder"),
    ],
)
def test_a_model_below_a_floor_is_held_whatever_it_gained(lesion: float, bladder: float, words: str) -> None:
    challenger = cohort(lesion - 0.5, 0.0, bladder=bladder)
    worse = cohort(lesion - 0.6, 0.0, bladder=bladder)
    for found in (judge(challenger, worse), judge(challenger, None)):
        assert found.name == "hold"
        assert words in found.reason
    assert judge(challenger, worse, GateRules(lesion_floor=0, bladder_floor=0)).name == "promote"


def test_every_check_is_told_with_its_figure_and_whether_it_passed() -> None:
    found = judge(cohort(0.05, false=9), CHAMPION)
    told = {(check["check"], check["label"]): check for check in (one.to_json() for one in found.checks)}
    assert set(told) == {
        ("test_set", None),
        *((name, label) for name in ("floor", "not_worse", "no_loss") for label in ("metastasis", "bladder")),
        ("better", "metastasis"),
        ("false_lesions", None),
    }
    assert [key for key, check in told.items() if not check["passed"]] == [("false_lesions", None)]
    held = told["false_lesions", None]
    assert (held["requires"], held["outcome"], held["figure"]["value"]) == ("low ≤ 0", "hold", 1.0)
    assert held["reason"] == found.reason
    assert told["not_worse", "metastasis"]["requires"] == "high ≥ 0"


def test_several_failures_are_all_named() -> None:
    found = judge(cohort(0.0, 0.0, false=9), CHAMPION)
    assert found.reason.startswith("Lesion Dice is not better")
    assert "False lesions are more frequent" in found.reason


def test_scores_of_different_cases_are_not_compared() -> None:
    with pytest.raises(WrongState, match="different test cases"):
        judge(CHAMPION[1:], CHAMPION)


def test_the_same_scores_give_the_same_verdict() -> None:
    assert judge(cohort(0.02, 0.05), CHAMPION) == judge(cohort(0.02, 0.05), CHAMPION)
