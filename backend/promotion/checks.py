"""What the gate looks at, one check after the other; each says what it found and whether it passed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from backend.measures.intervals import bootstrap_mean
from backend.promotion.paired import DICE, LABEL_WORDS, ByCase, Scores, values
from backend.promotion.slices import SliceDifference
from backend.records import Check, Figure, GateRules, Outcome
from converters.regions import LABELS, Label

LEAST_PATIENTS = 2
"""Positive and negative patients each that a test set must hold."""
LESION_MARGIN = 0.02
"""Lesion Dice that a challenger must be shown not to lose."""
BLADDER_MARGIN = 0.05
"""Bladder Dice that a challenger must be shown not to lose."""


def size_check(scores: Scores) -> Check:
    """Whether the test set can carry a verdict."""
    truth: dict[str, bool] = defaultdict(bool)
    known = {score["patient"] for score in scores if score["truth_call"] is not None}
    for score in scores:
        patient = score["patient"]
        truth[patient] |= bool(score["truth_call"] if patient in known else score["reference_lesion"])
    positive = sum(truth.values())
    negative = len(truth) - positive
    enough = min(positive, negative) >= LEAST_PATIENTS
    reason = (
        f"The test set is too small: {positive} positive and {negative} negative patients, "
        f"at least {LEAST_PATIENTS} of each are needed."
    )
    figure = Figure(min(positive, negative), None, None, len(truth))
    return Check(
        "test_set", "passed" if enough else "hold", f"value ≥ {LEAST_PATIENTS}", figure, reason="" if enough else reason
    )


def floor_checks(challenger: ByCase, rules: GateRules, resamples: int, seed: int) -> list[Check]:
    """A model below a floor is held whatever served before it; never rejected, for what serves may be worse still."""
    floors: dict[Label, float] = {"metastasis": rules.lesion_floor, "bladder": rules.bladder_floor}
    return [_floor(label, floors[label], challenger, resamples, seed) for label in LABELS]


def _floor(label: Label, floor: float, challenger: ByCase, resamples: int, seed: int) -> Check:
    figure = bootstrap_mean(values(challenger, DICE[label]), resamples, seed)
    requires = f"value ≥ {floor:.3f}"
    if figure.value is None:
        return Check("floor", "not judged", requires, figure, label)
    outcome: Outcome = "passed" if figure.value >= floor else "hold"
    reason = f"{LABEL_WORDS[label]} {words(figure, '.3f')} is below the floor of {floor:.3f}."
    return Check("floor", outcome, requires, figure, label, reason="" if outcome == "passed" else reason)


def whole_checks(differences: Mapping[str, Figure]) -> list[Check]:
    """Challenger against champion over all test cases: `metastasis` and `bladder` Dice, `false_lesions`."""
    lesion, bladder, false_lesions = (differences[name] for name in ("metastasis", "bladder", "false_lesions"))
    if lesion.low is None:
        none = "Lesion Dice could not be compared: too few test cases hold a lesion."
        better = [Check("better", "hold", "value > 0", lesion, "metastasis", reason=none)]
    else:
        better = [
            _of("not_worse", "metastasis", lesion, "high ≥ 0", ("reject", "Lesion Dice is worse")),
            _of("better", "metastasis", lesion, "value > 0", ("hold", "Lesion Dice is not better")),
            _of(
                "no_loss",
                "metastasis",
                lesion,
                f"low > {-LESION_MARGIN:.3f}",
                ("hold", "A loss of lesion Dice is not excluded"),
            ),
        ]
    return [
        *better,
        _of("not_worse", "bladder", bladder, f"high ≥ {-BLADDER_MARGIN:.3f}", ("reject", "Bladder Dice is much worse")),
        _of(
            "no_loss",
            "bladder",
            bladder,
            f"low > {-BLADDER_MARGIN:.3f}",
            ("hold", "A loss of bladder Dice is not excluded"),
        ),
        _of("false_lesions", None, false_lesions, "low ≤ 0", ("hold", "False lesions are more frequent")),
    ]


TESTS: dict[str, Callable[[float, float], bool]] = {
    "≥": lambda found, limit: found >= limit,
    ">": lambda found, limit: found > limit,
    "≤": lambda found, limit: found <= limit,
}


def _of(name: str, label: Label | None, figure: Figure, requires: str, otherwise: tuple[Outcome, str]) -> Check:
    """A check of one figure; what cannot be computed is not judged."""
    side, sign, limit = requires.split(" ")
    found = getattr(figure, side)
    if found is None:
        return Check(name, "not judged", requires, figure, label)
    if TESTS[sign](found, float(limit)):
        return Check(name, "passed", requires, figure, label)
    outcome, trouble = otherwise
    return Check(name, outcome, requires, figure, label, reason=f"{trouble}: {words(figure)}.")


def slice_checks(found: Iterable[SliceDifference], rules: GateRules) -> list[Check]:
    """No slice may be shown to lose more than the margin: held where its own interval says so, rejected where the bound
    over all slices together says so too."""
    return [_slice(one, rules) for one in found]


def _slice(one: SliceDifference, rules: GateRules) -> Check:
    requires = f"high ≥ {-rules.slice_margin:.3f}"
    outcome: Outcome = "passed"
    reason = ""
    if one.high_together is None or one.figure.high is None:
        outcome, requires = "not judged", f"patients ≥ {rules.slice_patients}, has {one.patients}"
    elif one.figure.high < -rules.slice_margin:
        outcome = "reject" if one.high_together < -rules.slice_margin else "hold"
        shown = "shown to be" if outcome == "reject" else "probably"
        reason = (
            f"{LABEL_WORDS[one.label]} is {shown} worse by more than {rules.slice_margin:.3f} in the slice "
            f"{one.name.replace('_', ' ')} = {one.group} ({one.patients} patients): {words(one.figure)}."
        )
    return Check("slice", outcome, requires, one.figure, one.label, (one.name, one.group), reason)


def words(figure: Figure, form: str = "+.3f") -> str:
    if figure.value is None:
        return "undefined"
    if figure.low is None:
        return f"{figure.value:{form}} (n = {figure.n})"
    return f"{figure.value:{form}} (95 % interval {figure.low:{form}} to {figure.high:{form}}, n = {figure.n})"
