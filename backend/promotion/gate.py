"""May a challenger replace the champion? Judged on the same sequestered cases, paired, by patient.

The rule, with its reasons and the rules not taken, is docs/decisions/0005-promotion-gate.md.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from backend.errors import WrongState
from backend.measures.intervals import RESAMPLES, paired_difference
from backend.records import Figure, Verdict, VerdictName
from converters.regions import Label

LEAST_PATIENTS = 2
"""Positive and negative patients each that a test set must hold."""
LESION_MARGIN = 0.02
"""Lesion Dice that a challenger must be shown not to lose."""
BLADDER_MARGIN = 0.05
"""Bladder Dice that a challenger must be shown not to lose."""

Case = tuple[str, str, str]
"""(patient, study, projection)."""
Measure = Callable[[dict[str, Any]], float | None]
Scores = Sequence[dict[str, Any]]
"""Per-projection scores of one model, as `evaluation/score.py` writes them."""


def judge(challenger: Scores, champion: Scores | None, *, resamples: int = RESAMPLES, seed: int = 0) -> Verdict:
    """The gate's verdict.

    `reject`: the interval of the lesion Dice difference lies below 0, or that of the bladder below −0.05.
    `promote`: the lesion difference is above 0 and its interval above −0.02, the bladder's interval is above −0.05, and
    false lesions on projections without any are not shown to be more frequent.
    `hold`: anything between, and every test set with fewer than 2 positive or 2 negative patients.

    Args:
        challenger, champion: scores of the same projections; champion None where nothing serves yet.

    Raises:
        WrongState: the two were not scored on the same projections.
    """
    ours = _by_case(challenger)
    small = _too_small(challenger)
    if champion is None:
        return Verdict("hold", small) if small else Verdict("promote", "There is no champion yet.")
    theirs = _by_case(champion)
    if ours.keys() != theirs.keys():
        raise WrongState("challenger and champion were scored on different test cases; evaluate both on one dataset")
    measures: dict[str, Measure] = {
        "metastasis": _lesion_dice,
        "bladder": _bladder_dice,
        "false_lesions": _false_lesion,
    }
    differences = {
        name: paired_difference(_values(ours, measure), _values(theirs, measure), resamples=resamples, seed=seed)
        for name, measure in measures.items()
    }
    if small:
        return Verdict("hold", small, differences)
    name, reason = _decide(differences["metastasis"], differences["bladder"], differences["false_lesions"])
    return Verdict(name, reason, differences)


def _decide(lesion: Figure, bladder: Figure, false_lesions: Figure) -> tuple[VerdictName, str]:
    """The first row that is true decides."""
    table: tuple[tuple[bool, VerdictName, str], ...] = (
        (_below(lesion, 0), "reject", f"Lesion Dice is worse: {_words(lesion)}."),
        (_below(bladder, -BLADDER_MARGIN), "reject", f"Bladder Dice is much worse: {_words(bladder)}."),
        (lesion.low is None, "hold", "Lesion Dice could not be compared: too few test cases hold a lesion."),
        ((lesion.value or 0) <= 0, "hold", f"Lesion Dice is not better: {_words(lesion)}."),
        (_may_lose(lesion, LESION_MARGIN), "hold", f"A loss of lesion Dice is not excluded: {_words(lesion)}."),
        (_may_lose(bladder, BLADDER_MARGIN), "hold", f"A loss of bladder Dice is not excluded: {_words(bladder)}."),
        ((false_lesions.low or 0) > 0, "hold", f"False lesions are more frequent: {_words(false_lesions)}."),
    )
    otherwise: tuple[VerdictName, str] = ("promote", f"Lesion Dice is better: {_words(lesion)}.")
    return next(((name, reason) for holds, name, reason in table if holds), otherwise)


def _may_lose(figure: Figure, margin: float) -> bool:
    return figure.low is not None and figure.low <= -margin


def _below(figure: Figure, limit: float) -> bool:
    return figure.high is not None and figure.high < limit


def _words(figure: Figure) -> str:
    if figure.value is None or figure.low is None:
        return "undefined"
    return f"{figure.value:+.3f} (95 % interval {figure.low:+.3f} to {figure.high:+.3f}, n = {figure.n})"


def _too_small(scores: Scores) -> str:
    """Why the test set cannot carry a verdict; empty where it can."""
    truth: dict[str, bool] = defaultdict(bool)
    known = {score["patient"] for score in scores if score["truth_call"] is not None}
    for score in scores:
        patient = score["patient"]
        truth[patient] |= bool(score["truth_call"] if patient in known else score["reference_lesion"])
    positive = sum(truth.values())
    negative = len(truth) - positive
    if min(positive, negative) >= LEAST_PATIENTS:
        return ""
    return (
        f"The test set is too small: {positive} positive and {negative} negative patients, "
        f"at least {LEAST_PATIENTS} of each are needed."
    )


def _by_case(scores: Scores) -> dict[Case, dict[str, Any]]:
    return {(score["patient"], score["study"], score["projection"]): score for score in scores}


def _values(by_case: dict[Case, dict[str, Any]], measure: Measure) -> dict[str, list[float | None]]:
    """Patient → the measure of its projections in one order; None where it is undefined."""
    found: dict[str, list[float | None]] = defaultdict(list)
    for case in sorted(by_case):
        found[case[0]].append(measure(by_case[case]))
    return dict(found)


def _lesion_dice(score: dict[str, Any]) -> float | None:
    return _dice(score, "metastasis")


def _bladder_dice(score: dict[str, Any]) -> float | None:
    return _dice(score, "bladder")


def _dice(score: dict[str, Any], label: Label) -> float | None:
    """None where the reference does not hold the label."""
    return score["dice"][label] if score["counts"][label][2] else None


def _false_lesion(score: dict[str, Any]) -> float | None:
    """1 where a lesion is outlined on a projection without any, 0 where none is, None where there are lesions."""
    return None if score["reference_lesion"] else float(score["lesion_pixels"] > 0)
