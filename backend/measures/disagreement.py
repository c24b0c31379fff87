"""Where two readings of one projection differ so much that a physician must decide: one rule for all who ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.measures.lesions import ComponentLabels, LesionMatch, Relation, components, match, relations
from backend.measures.overlap import dice
from backend.records import AgreementRules, LabelMasks
from converters.regions import Label, Mask

Side = Literal["a", "b"]


@dataclass(frozen=True, eq=False)
class Swap:
    """A contested lesion that the other reading calls bladder.

    Attributes:
        side: the reading that calls it a lesion; lesion: its number there.
        bladder: those pixels of the other reading's bladder that stand against it, `(rows, columns)`: the ones inside
            the lesion and, where at least half of a piece of bladder lies inside, the rest of the piece as far as the
            reading with the lesion calls it nothing. No pixel stands against two lesions.
    """

    side: Side
    lesion: int
    bladder: Mask


@dataclass(frozen=True, eq=False)
class Disagreement:
    """The measured relation of two readings and what of it is contested.

    Attributes:
        dice: per label, None where neither reading holds it.
        match: which lesions are the same, numbered as in its label images.
        relations: how the lesions relate, contested or not.
        shapes: contested matched pairs (lesion of a, lesion of b).
        only_a, only_b: contested lesions without partner.
        swaps: those of them that the other reading calls bladder.
        bladder: whether the rest of the bladder, without the swaps, is contested.
    """

    dice: dict[Label, float | None]
    match: LesionMatch
    relations: tuple[Relation, ...]
    shapes: tuple[tuple[int, int], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    swaps: tuple[Swap, ...]
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
    patient differ, every unmatched lesion is. The bladder, without what stands against a contested lesion, is contested
    where its Dice is below `bladder_dice_floor` and at least `bladder_pixels` differ, so that a few pixels of urine
    call nobody.

    Args:
        a, b: `(1024, 256)` bool masks.
        patient_call_differs: one reader found lesions in the study and the other none.

    Raises:
        ValueError: the shapes differ.
    """
    lesion_dice = dice(a.metastasis, b.metastasis)
    found = match(a.metastasis, b.metastasis, rules.match_iou)
    related = relations(found, a.bladder, b.bladder)
    low = lesion_dice is not None and lesion_dice < rules.dice_floor
    smallest = 1 if low or patient_call_differs else rules.unmatched_lesion_pixels
    only_a = tuple(lesion for lesion in found.only_a if found.sizes_a[lesion] >= smallest)
    only_b = tuple(lesion for lesion in found.only_b if found.sizes_b[lesion] >= smallest)
    labels = [one for one in related if one.kind == "label"]
    swaps = (
        *_swaps("a", [one.a[0] for one in labels if one.a and one.a[0] in only_a], found.labels_a, a, b),
        *_swaps("b", [one.b[0] for one in labels if one.b and one.b[0] in only_b], found.labels_b, b, a),
    )
    return Disagreement(
        dice={"metastasis": lesion_dice, "bladder": dice(a.bladder, b.bladder)},
        match=found,
        relations=related,
        shapes=_low_pairs(found, rules.dice_floor) if low else (),
        only_a=only_a,
        only_b=only_b,
        swaps=swaps,
        bladder=_bladder_contested(*bladders_without_swaps(a, b, swaps), rules),
    )


def bladders_without_swaps(a: LabelMasks, b: LabelMasks, swaps: tuple[Swap, ...]) -> tuple[Mask, Mask]:
    """The bladders of two readings without the pixels that stand against a contested lesion."""
    left = {"a": a.bladder, "b": b.bladder}
    for swap in swaps:
        other = "b" if swap.side == "a" else "a"
        left[other] = left[other] & ~swap.bladder
    return left["a"], left["b"]


def _bladder_contested(a: Mask, b: Mask, rules: AgreementRules) -> bool:
    value = dice(a, b)
    if value is None or value >= rules.bladder_dice_floor:
        return False
    return int(np.count_nonzero(a ^ b)) >= rules.bladder_pixels


def _swaps(
    side: Side, lesions: list[int], labels: ComponentLabels, mine: LabelMasks, other: LabelMasks
) -> Iterator[Swap]:
    if not lesions:
        return
    pieces, _ = components(other.bladder)
    sizes = np.bincount(pieces.ravel())
    free = ~mine.metastasis & ~mine.bladder
    for lesion in lesions:
        inside = labels == lesion
        held = np.bincount(pieces[inside], minlength=len(sizes))
        whole = [piece for piece in range(1, len(sizes)) if 2 * held[piece] >= sizes[piece]]
        rest = np.isin(pieces, whole) & free
        free &= ~rest
        yield Swap(side, lesion, inside & other.bladder | rest)


def _low_pairs(found: LesionMatch, floor: float) -> tuple[tuple[int, int], ...]:
    # Dice = 2·IoU / (1 + IoU)
    return tuple((i, j) for i, j, iou in found.matched if 2 * iou / (1 + iou) < floor)
