"""What a physician may answer about two readings, and the reference that the answers give."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import numpy as np

from backend.adjudication.consensus import Finding, Part, compose, consensus, mean_outline
from backend.adjudication.findings import Dispute, Findings, Side
from backend.errors import InputError
from backend.records import LabelMasks
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Mask, Region

Choice = Literal["a", "b", "union", "intersection", "none", "midway", "edit"]
"""`a`, `b`: that reading is right (its outline, or nothing where it holds none); `midway`: the mean outline;
`edit`: what the physician drew."""
CHOICES: tuple[Choice, ...] = get_args(Choice)
RULE_CHOICE = "consensus"
"""A script may leave a dispute to the rule for what is not disputed."""


def choices_of(dispute: Dispute) -> tuple[Choice, ...]:
    """The answers that make sense: what would draw nothing, or two labels at once, is not offered."""
    if dispute.kind == "exclusion":
        return ("a", "b", "none")
    a, b = dispute.a, dispute.b
    if a is None or b is None or a.label != b.label:
        return ("a", "b", "none", "edit")
    if np.any(a.mask & b.mask):
        return CHOICES
    return ("a", "b", "union", "none", "edit")


def rejecting(dispute: Dispute) -> tuple[Choice, ...]:
    """The answers that say that what a reading calls a metastasis is none."""
    if dispute.kind in ("exclusion", "bladder"):
        return ()
    sides: dict[Choice, Side | None] = {"a": dispute.a, "b": dispute.b}
    without = [name for name, side in sides.items() if side is None or side.label != "metastasis"]
    return (*without, "none")


def decided(dispute: Dispute, choice: str) -> tuple[Part, ...]:
    """What a decision gives the reference.

    Args:
        choice: one of CHOICES but `edit` (see `drawn_parts`), or RULE_CHOICE.
    """
    if choice == RULE_CHOICE:
        return (by_rule(dispute),)
    if choice in ("a", "b"):
        side = dispute.a if choice == "a" else dispute.b
        return () if side is None else (Part(side.label, mask=side.mask, at=dispute.at),)
    if choice == "none":
        return ()
    return (Part(dispute.label, mask=_combined(dispute, choice), at=dispute.at),)


def by_rule(dispute: Dispute) -> Part:
    """The consensus rule on a dispute; pixels whose very label is in dispute are ignored."""
    if len({side.label for side in dispute.sides}) > 1:
        return Part(dispute.label, ignored=np.logical_or.reduce([side.mask for side in dispute.sides]), at=dispute.at)
    return consensus(Finding(dispute.label, _mask(dispute, "a"), _mask(dispute, "b"), dispute.at))


def drawn_parts(regions: Iterable[Region]) -> tuple[Part, ...]:
    """What was drawn, region by region, by the pixel-centre even-odd rule."""
    listed = tuple(regions)
    windows = draw(listed, GRID_SHAPE).windows
    return tuple(
        Part(region.label, mask=window.pixels, at=(window.top, window.left))
        for region, window in zip(listed, windows, strict=True)
    )


def resolve(found: Findings, decisions: Mapping[int, str], like: Mask) -> LabelMasks:
    """The reference that the decisions give; what is not disputed follows the consensus rule.

    Args:
        decisions: by dispute: one of CHOICES but `edit`, or RULE_CHOICE.
        like: a mask of the shape wanted.

    Raises:
        InputError: a dispute has no decision, a decision has no dispute, or a choice is unknown; names it.
    """
    check_decisions(found.disputes, decisions)
    chosen = [part for one in found.disputes for part in decided(one, decisions[one.identifier])]
    return compose([*found.settled, *chosen], like)


def check_decisions(asked: tuple[Dispute, ...], decisions: Mapping[int, str]) -> None:
    """Raises: InputError: a decision is missing, unknown or has a choice that does not fit; names it."""
    known = {dispute.identifier: dispute for dispute in asked}
    if missing := sorted(known.keys() - decisions.keys()):
        fitting = ", ".join(_for_scripts(known[missing[0]]))
        raise InputError(f"dispute {missing[0]} has no decision; choose one of {fitting}", field="decisions")
    if unknown := sorted(decisions.keys() - known.keys()):
        raise InputError(f"dispute {unknown[0]} does not exist; the readings may have been revised", field="decisions")
    for identifier, choice in sorted(decisions.items()):
        if choice not in (choices := _for_scripts(known[identifier])):
            raise InputError(f"{choice!r} is not one of {', '.join(choices)}", field=f"decisions[{identifier}]")


def _for_scripts(dispute: Dispute) -> list[str]:
    rule = [] if dispute.kind == "exclusion" else [RULE_CHOICE]
    return [choice for choice in choices_of(dispute) if choice != "edit"] + rule


def _mask(dispute: Dispute, name: Literal["a", "b"]) -> Mask | None:
    side = dispute.a if name == "a" else dispute.b
    return None if side is None else side.mask


def _combined(dispute: Dispute, choice: str) -> Mask:
    a, b = (side.mask for side in dispute.sides)
    if choice == "union":
        return a | b
    return a & b if choice == "intersection" else mean_outline(a, b)
