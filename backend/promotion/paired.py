"""The measures that challenger and champion are compared by, projection by projection, patient by patient."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from converters.regions import Label

Case = tuple[str, str, str]
"""(patient, study, projection)."""
Score = dict[str, Any]
Scores = Sequence[Score]
"""Per-projection scores of one model, as `evaluation/score.py` writes them."""
ByCase = dict[Case, Score]
Measure = Callable[[Score], float | None]
Values = dict[str, list[float | None]]
"""Patient → the measure of each projection in one order; None where it is undefined."""


def by_case(scores: Scores) -> ByCase:
    return {(score["patient"], score["study"], score["projection"]): score for score in scores}


def values(cases: ByCase, measure: Measure) -> Values:
    found: Values = defaultdict(list)
    for case in sorted(cases):
        found[case[0]].append(measure(cases[case]))
    return dict(found)


def lesion_dice(score: Score) -> float | None:
    return _dice(score, "metastasis")


def bladder_dice(score: Score) -> float | None:
    return _dice(score, "bladder")


def false_lesion(score: Score) -> float | None:
    """1 where a lesion is outlined on a projection without any, 0 where none is, None where there are lesions."""
    return None if score["reference_lesion"] else float(score["lesion_pixels"] > 0)


def _dice(score: Score, label: Label) -> float | None:
    """None where the reference does not hold the label."""
    return score["dice"][label] if score["counts"][label][2] else None


DICE: dict[Label, Measure] = {"metastasis": lesion_dice, "bladder": bladder_dice}
LABEL_WORDS: dict[Label, str] = {"metastasis": "Lesion Dice", "bladder": "Bladder Dice"}
