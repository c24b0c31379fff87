"""What two readings of one projection hold: what the consensus rule settles, and what a physician is asked."""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.adjudication.consensus import Finding, Part, Place, consensus
from backend.measures.disagreement import Disagreement, bladders_without_swaps, disagreement
from backend.measures.lesions import ComponentLabels, Relation
from backend.records import AgreementRules, LabelMasks
from converters.regions import Label, Mask

Kind = Literal["only_a", "only_b", "shape", "split", "merged", "label", "bladder", "exclusion"]


@dataclass(frozen=True, eq=False)
class Side:
    """What one reading says of a dispute; `mask` lies in the dispute's frame."""

    label: Label
    mask: Mask


@dataclass(frozen=True, eq=False)
class Dispute:
    """One question: which reading is right about this.

    Attributes:
        identifier: counts from 1 in reading order of the first pixel.
        key: 16 hex digits that follow from kind, labels and pixels: the same question has the same key.
        label: of the finding; of a swapped lesion `metastasis`.
        a, b: what the readings hold, None for nothing.
        at: where the frame of the masks lies on the grid.
    """

    identifier: int
    key: str
    kind: Kind
    label: Label
    a: Side | None
    b: Side | None
    at: Place = (0, 0)

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(side for side in (self.a, self.b) if side is not None)


@dataclass(frozen=True, eq=False)
class Findings:
    """Two readings of one projection: `settled` by the rule, `disputes` for a physician."""

    settled: tuple[Part, ...]
    disputes: tuple[Dispute, ...]


def findings(a: LabelMasks, b: LabelMasks, rules: AgreementRules, *, patient_call_differs: bool = False) -> Findings:
    """Every lesion and bladder pixel of either reading belongs to exactly one finding, settled or disputed.

    Lesions that are tied (`relations`) are one dispute if any of them is contested, else each matched pair and each
    lesion alone is settled by itself. A contested lesion that the other reading calls bladder is a dispute of kind
    `label` with those pixels of the bladder; the bladders are compared without them.

    Raises:
        ValueError: the shapes differ.
    """
    found = disagreement(a, b, rules, patient_call_differs=patient_call_differs)
    settled: list[Part] = []
    asked: list[Dispute] = []
    for relation in found.relations:
        if relation.kind != "label" and _contested(relation, found):
            asked.append(_lesions(relation, found))
        elif not _contested(relation, found):
            settled += [consensus(finding) for finding in _singly(relation, found)]
    asked += _swapped(found)
    bladder_a, bladder_b = bladders_without_swaps(a, b, found.swaps)
    if bladder_a.any() or bladder_b.any():
        if found.bladder:
            asked.append(_dispute("bladder", _side("bladder", bladder_a), _side("bladder", bladder_b)))
        else:
            settled.append(consensus(_finding("bladder", bladder_a, bladder_b)))
    asked.sort(key=_first_pixel)
    return Findings(tuple(settled), tuple(_numbered(one, number) for number, one in enumerate(asked, start=1)))


def whole_reading(a: LabelMasks | None, b: LabelMasks | None) -> Dispute:
    """The one question where one reading (None) calls the image unreadable and the other read it."""
    lesions = [None if one is None else Side("metastasis", one.metastasis) for one in (a, b)]
    bladders = [None if one is None else Side("bladder", one.bladder) for one in (a, b)]
    key = _key("exclusion", (0, 0), (*lesions, *bladders))
    return Dispute(1, key, "exclusion", "metastasis", lesions[0], lesions[1])


def _contested(relation: Relation, found: Disagreement) -> bool:
    pairs = {(i, j) for i in relation.a for j in relation.b}
    return bool(pairs & set(found.shapes) or set(relation.a) & set(found.only_a) or set(relation.b) & set(found.only_b))


def _singly(relation: Relation, found: Disagreement) -> Iterator[Finding]:
    labels_a, labels_b = found.match.labels_a, found.match.labels_b
    matched = [(i, j) for i, j, _ in found.match.matched if i in relation.a]
    for i, j in matched:
        yield _finding("metastasis", labels_a == i, labels_b == j)
    for i in set(relation.a) - {i for i, _ in matched}:
        yield _finding("metastasis", labels_a == i, None)
    for j in set(relation.b) - {j for _, j in matched}:
        yield _finding("metastasis", None, labels_b == j)


def _lesions(relation: Relation, found: Disagreement) -> Dispute:
    kind: Kind = "shape"
    if relation.kind in ("only_a", "only_b", "split", "merged"):
        kind = relation.kind
    side_a, side_b = _of(found.match.labels_a, relation.a), _of(found.match.labels_b, relation.b)
    return _dispute(kind, _side("metastasis", side_a), _side("metastasis", side_b))


def _swapped(found: Disagreement) -> Iterator[Dispute]:
    for swap in found.swaps:
        labels = found.match.labels_a if swap.side == "a" else found.match.labels_b
        sides = Side("metastasis", labels == swap.lesion), Side("bladder", swap.bladder)
        yield _dispute("label", *(sides if swap.side == "a" else reversed(sides)))


def _of(labels: ComponentLabels, lesions: tuple[int, ...]) -> Mask:
    return np.isin(labels, lesions)


def _side(label: Label, mask: Mask) -> Side | None:
    return Side(label, mask) if mask.any() else None


def _finding(label: Label, a: Mask | None, b: Mask | None) -> Finding:
    held = [mask if mask is not None and mask.any() else None for mask in (a, b)]
    box, at = _box([mask for mask in held if mask is not None])
    cut = [None if mask is None else mask[box].copy() for mask in held]
    return Finding(label, cut[0], cut[1], at)


def _dispute(kind: Kind, a: Side | None, b: Side | None) -> Dispute:
    box, at = _box([side.mask for side in (a, b) if side is not None])
    cut = [None if side is None else Side(side.label, side.mask[box].copy()) for side in (a, b)]
    label: Label = "bladder" if kind == "bladder" else "metastasis"
    return Dispute(0, _key(kind, at, cut), kind, label, cut[0], cut[1], at)


def _numbered(one: Dispute, number: int) -> Dispute:
    return dataclasses.replace(one, identifier=number)


def _box(masks: list[Mask]) -> tuple[tuple[slice, slice], Place]:
    union = np.logical_or.reduce(masks)
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return np.s_[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1], (top, left)


def _key(kind: Kind, at: Place, sides: Iterable[Side | None]) -> str:
    digest = hashlib.sha256(f"{kind} {at}".encode())
    for side in sides:
        if side is None:
            digest.update(b"|nothing")
        else:
            digest.update(f"|{side.label} {side.mask.shape} ".encode() + np.packbits(side.mask).tobytes())
    return digest.hexdigest()[:16]


def _first_pixel(one: Dispute) -> tuple[int, int, str]:
    """Reading order; of two disputes that begin at one pixel the key decides."""
    first = min(divmod(int(np.argmax(side.mask)), side.mask.shape[1]) for side in one.sides)
    return one.at[0] + first[0], one.at[1] + first[1], one.key
