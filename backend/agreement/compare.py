"""Two readings of one projection: how much they share, and whether a physician must decide."""

from dataclasses import dataclass

from backend.measures.disagreement import Disagreement, disagreement
from backend.records import AgreementRules, LabelMasks
from backend.sentences import Sentence, say
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


def needs_adjudication(pair: PairAgreement, rules: AgreementRules) -> tuple[Sentence, ...]:
    """Why a physician must decide, in words; empty where the readings agree."""
    found, reasons = pair.disagreement, []
    if not found.contested:
        return ()
    if pair.patient_call_differs and pair.only != (0, 0):
        reasons.append(say("one reader found lesions in the study and the other none"))
    lesion_dice, floor = pair.dice["metastasis"], rules.dice_floor
    if lesion_dice is not None and lesion_dice < floor:
        reasons.append(say("the lesion Dice is {dice:.2f}, below {floor:g}", dice=lesion_dice, floor=floor))
    alone, pixels = len(found.only_a) + len(found.only_b), rules.unmatched_lesion_pixels
    if alone and not reasons:
        reasons.append(
            say("lesions of {pixels} pixels or more that one reader alone drew: {n}", pixels=pixels, n=alone)
        )
    if found.bladder:
        bladder_dice, floor = pair.dice["bladder"], rules.bladder_dice_floor
        reasons.append(say("the bladder Dice is {dice:.2f}, below {floor:g}", dice=bladder_dice, floor=floor))
    return tuple(reasons)
