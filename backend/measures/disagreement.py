"""Where two readings of one projection differ so much that a physician must decide: one rule for all who ask."""

from dataclasses import dataclass

import numpy as np

from backend.measures.lesions import LesionMatch, match
from backend.measures.overlap import dice
from backend.records import AgreementRules, LabelMasks
from converters.regions import Label


@dataclass(frozen=True, eq=False)
class Disagreement:
    """The measured relation of two readings and what of it is contested.

    Attributes:
        dice: per label, None where neither reading holds it.
        match: which lesions are the same, numbered as in its label images.
        shapes: contested matched pairs (lesion of a, lesion of b).
        only_a, only_b: contested lesions that one reading alone holds.
        bladder: whether the bladder is contested.
    """

    dice: dict[Label, float | None]
    match: LesionMatch
    shapes: tuple[tuple[int, int], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    bladder: bool

    @property
    def contested(self) -> bool:
        return bool(self.shapes or self.only_a or self.only_b or self.bladder)


def disagreement(
    a: LabelMasks, b: LabelMasks, rules: AgreementRules, *, patient_call_differs: bool = False
) -> Disagreement:
    """Compares two readings of one projection.

    An unmatched lesion is contested from `unmatched_lesion_pixels` up. Where the lesion Dice of the projection is
    below `dice_floor`, every unmatched lesion and every matched pair below it is; where the readers' calls of the
    patient differ, every unmatched lesion is. The bladder is contested where its Dice is below `bladder_dice_floor`
    and at least `bladder_pixels` differ, so that a few pixels of urine call nobody.

    Args:
        a, b: `(1024, 256)` bool masks.
        patient_call_differs: one reader found lesions in the study and the other none.

    Raises:
        ValueError: the shapes differ.
    """
    lesion_dice = dice(a.metastasis, b.metastasis)
    bladder_dice = dice(a.bladder, b.bladder)
    found = match(a.metastasis, b.metastasis, rules.match_iou)
    low = lesion_dice is not None and lesion_dice < rules.dice_floor
    smallest = 1 if low or patient_call_differs else rules.unmatched_lesion_pixels
    sizes_a, sizes_b = np.bincount(found.labels_a.ravel()), np.bincount(found.labels_b.ravel())
    return Disagreement(
        dice={"metastasis": lesion_dice, "bladder": bladder_dice},
        match=found,
        shapes=_low_pairs(found, rules.dice_floor) if low else (),
        only_a=tuple(lesion for lesion in found.only_a if sizes_a[lesion] >= smallest),
        only_b=tuple(lesion for lesion in found.only_b if sizes_b[lesion] >= smallest),
        bladder=bladder_dice is not None
        and bladder_dice < rules.bladder_dice_floor
        and int(np.count_nonzero(a.bladder ^ b.bladder)) >= rules.bladder_pixels,
    )


def _low_pairs(found: LesionMatch, floor: float) -> tuple[tuple[int, int], ...]:
    # Dice = 2·IoU / (1 + IoU)
    return tuple((i, j) for i, j, iou in found.matched if 2 * iou / (1 + iou) < floor)
