"""Two readings of one projection: how much they share, and whether a physician must decide."""

from dataclasses import dataclass

from backend.measures.disagreement import Disagreement, disagreement
from backend.records import AgreementRules, LabelMasks
from converters.regions import Label


@dataclass(frozen=True, eq=False)
class PairAgreement:
    """The relation of two readings; `dice` is None where neither holds the label."""

    dice: dict[Label, float | None]
    matched: int
    only: tuple[int, int]
    patient_call_differs: bool
    disagreement: Disagreement


def compare(
    a: LabelMasks, b: LabelMasks, rules: AgreementRules, *, patient_call_differs: bool = False
) -> PairAgreement:
    """Measures two readings of one projection.

    Args:
        a, b: disjoint `(1024, 256)` bool masks.
        patient_call_differs: over the whole study one reader found lesions and the other none.

    Raises:
        ValueError: the shapes differ.
    """
    found = disagreement(a, b, rules, patient_call_differs=patient_call_differs)
    only = (len(found.match.only_a), len(found.match.only_b))
    return PairAgreement(found.dice, len(found.match.matched), only, patient_call_differs, found)


def needs_adjudication(pair: PairAgreement, rules: AgreementRules) -> tuple[str, ...]:
    """Why a physician must decide, in words; empty where the readings agree."""
    found, reasons = pair.disagreement, []
    if not found.contested:
        return ()
    if pair.patient_call_differs and pair.only != (0, 0):
        reasons.append("one reader found lesions in the study and the other none")
    lesion_dice = pair.dice["metastasis"]
    if lesion_dice is not None and lesion_dice < rules.dice_floor:
        reasons.append(f"the lesion Dice is {lesion_dice:.2f}, below {rules.dice_floor:g}")
    alone = len(found.only_a) + len(found.only_b)
    if alone and not reasons:
        reasons.append(f"lesions of {rules.unmatched_lesion_pixels} pixels or more that one reader alone drew: {alone}")
    if found.bladder:
        reasons.append(f"the bladder Dice is {pair.dice['bladder']:.2f}, below {rules.bladder_dice_floor:g}")
    return tuple(reasons)
