"""May a challenger replace the champion? Judged on the same sequestered cases, paired, by patient.

The rule, with its reasons and the rules not taken, is docs/decisions/0005-promotion-gate.md, and for floors and slices
docs/decisions/0024-floors-and-slices.md.
"""

from collections.abc import Sequence

from backend.errors import WrongState
from backend.measures.intervals import RESAMPLES, paired_difference
from backend.promotion.checks import floor_checks, size_check, slice_checks, whole_checks, words
from backend.promotion.paired import Measure, Scores, bladder_dice, by_case, false_lesion, lesion_dice, values
from backend.promotion.slices import slice_differences
from backend.records import Check, Figure, GateRules, Verdict, VerdictName

NAMED = 3
"""Failed checks whose sentences make the reason; further ones are counted."""


def judge(
    challenger: Scores,
    champion: Scores | None,
    rules: GateRules | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Verdict:
    """The gate's verdict: `reject` where a check rejects, else `hold` where one holds, else `promote`.

    A test set with fewer than 2 positive or 2 negative patients is always `hold`, whatever the figures say.

    Args:
        challenger, champion: scores of the same projections; champion None where nothing serves yet.
        rules: floors and slices; the defaults where None.

    Raises:
        WrongState: the two were not scored on the same projections.
    """
    chosen = rules or GateRules()
    ours, size = by_case(challenger), size_check(challenger)
    checks = [size, *floor_checks(ours, chosen, resamples, seed)]
    if champion is None:
        return _decided(checks, {}, "There is no champion yet.", alone=True)
    theirs = by_case(champion)
    if ours.keys() != theirs.keys():
        raise WrongState("challenger and champion were scored on different test cases; evaluate both on one dataset")
    measures: dict[str, Measure] = {"metastasis": lesion_dice, "bladder": bladder_dice, "false_lesions": false_lesion}
    differences = {
        name: paired_difference(values(ours, measure), values(theirs, measure), resamples=resamples, seed=seed)
        for name, measure in measures.items()
    }
    slices = slice_differences(ours, theirs, chosen.slice_patients, resamples=resamples, seed=seed)
    checks += [*whole_checks(differences), *slice_checks(slices, chosen)]
    return _decided(checks, differences, f"Lesion Dice is better: {words(differences['metastasis'])}.")


def _decided(checks: Sequence[Check], differences: dict[str, Figure], good: str, *, alone: bool = False) -> Verdict:
    size = checks[0]
    if size.outcome == "hold":
        return Verdict("hold", size.reason, differences, tuple(checks))
    failed: tuple[VerdictName, ...] = ("reject", "hold")
    for name in failed:
        reasons = [check.reason for check in checks if check.outcome == name]
        if reasons:
            return Verdict(name, " ".join(([good] if alone else []) + _few(reasons)), differences, tuple(checks))
    return Verdict("promote", good, differences, tuple(checks))


def _few(reasons: list[str]) -> list[str]:
    further = len(reasons) - NAMED
    if further <= 0:
        return reasons
    return [*reasons[:NAMED], f"{further} further {'check fails' if further == 1 else 'checks fail'} too."]
