"""What a physician is asked about two readings, lesion by lesion, and the reference that the answers give."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from backend.adjudication.consensus import Finding, Part, compose, consensus
from backend.errors import InputError
from backend.measures.disagreement import Disagreement, disagreement
from backend.records import AgreementRules, LabelMasks
from converters.regions import Label, Mask

Kind = Literal["only_a", "only_b", "shape", "bladder", "exclusion"]
Choice = Literal["a", "b", "neither", "consensus"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


@dataclass(frozen=True, eq=False)
class Dispute:
    """One question: which reading is right about this.

    `identifier` counts from 1 in reading order of the first pixel and is the same whenever the same two readings are
    compared by the same rules. `a` and `b` are masks on the whole grid, None where that reading holds nothing.
    """

    identifier: int
    label: Label
    kind: Kind
    a: Mask | None
    b: Mask | None


def disputes(
    a: LabelMasks, b: LabelMasks, rules: AgreementRules, *, patient_call_differs: bool = False
) -> tuple[Dispute, ...]:
    """What a physician must decide about two readings of one projection; empty where they agree.

    Raises:
        ValueError: the shapes differ.
    """
    found = disagreement(a, b, rules, patient_call_differs=patient_call_differs)
    open_ones = [(finding, kind) for finding, kind in _findings(a, b, found) if kind is not None]
    open_ones.sort(key=lambda one: _first_pixel(one[0]))
    return tuple(
        Dispute(number, finding.label, kind, finding.a, finding.b)
        for number, (finding, kind) in enumerate(open_ones, start=1)
    )


def resolve(
    a: LabelMasks,
    b: LabelMasks,
    decisions: Mapping[int, str],
    rules: AgreementRules,
    *,
    patient_call_differs: bool = False,
) -> LabelMasks:
    """The reference that the decisions give; what is not disputed follows the consensus rule.

    Args:
        a, b: the two readings.
        decisions: by dispute: `a` or `b` (that reading is right: its outline, or nothing where it holds none),
            `neither` (nothing is there) or `consensus` (the rule for what is not disputed).

    Raises:
        InputError: a dispute has no decision, a decision has no dispute, or a choice is unknown; names it.
    """
    found = disagreement(a, b, rules, patient_call_differs=patient_call_differs)
    asked = disputes(a, b, rules, patient_call_differs=patient_call_differs)
    check_decisions(asked, decisions)
    parts = [consensus(finding) for finding, kind in _findings(a, b, found) if kind is None]
    parts += [_decided(dispute, decisions[dispute.identifier]) for dispute in asked]
    return compose(parts, like=a.metastasis)


def check_decisions(asked: tuple[Dispute, ...], decisions: Mapping[int, str]) -> None:
    """Raises: InputError: a decision is missing, unknown or has a choice that does not exist; names it."""
    known = {dispute.identifier for dispute in asked}
    if missing := sorted(known - decisions.keys()):
        raise InputError(f"dispute {missing[0]} has no decision; choose one of {', '.join(CHOICES)}", field="decisions")
    if unknown := sorted(decisions.keys() - known):
        raise InputError(f"dispute {unknown[0]} does not exist; the readings may have been revised", field="decisions")
    for identifier, choice in sorted(decisions.items()):
        if choice not in CHOICES:
            raise InputError(f"{choice!r} is not one of {', '.join(CHOICES)}", field=f"decisions[{identifier}]")


def _findings(a: LabelMasks, b: LabelMasks, found: Disagreement) -> Iterator[tuple[Finding, Kind | None]]:
    """Everything that either reading holds; the kind of dispute where it is one."""
    lesions_a, lesions_b = found.match.labels_a, found.match.labels_b
    for i, j, _ in found.match.matched:
        contested = (i, j) in found.shapes
        yield Finding("metastasis", lesions_a == i, lesions_b == j), "shape" if contested else None
    for i in found.match.only_a:
        yield Finding("metastasis", lesions_a == i, None), "only_a" if i in found.only_a else None
    for j in found.match.only_b:
        yield Finding("metastasis", None, lesions_b == j), "only_b" if j in found.only_b else None
    bladder = Finding("bladder", _held(a.bladder), _held(b.bladder))
    if bladder.a is not None or bladder.b is not None:
        yield bladder, "bladder" if found.bladder else None


def _held(mask: Mask) -> Mask | None:
    return mask if mask.any() else None


def _first_pixel(finding: Finding) -> int:
    return min(int(np.argmax(mask)) for mask in (finding.a, finding.b) if mask is not None)


def _decided(dispute: Dispute, choice: str) -> Part:
    if choice == "consensus":
        return consensus(Finding(dispute.label, dispute.a, dispute.b))
    chosen = {"a": dispute.a, "b": dispute.b}
    return Part(dispute.label, mask=chosen.get(choice))
