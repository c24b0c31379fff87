"""A case as the physician's page is told it: outlines without names, choices, decisions, burdens."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backend.adjudication.burdens import Beside, burden_live, burden_of
from backend.adjudication.case import CaseProjection, CaseStudy
from backend.adjudication.consensus import compose
from backend.adjudication.decide import choices_of, rejecting
from backend.adjudication.findings import Dispute, Side
from backend.adjudication.outlines import bounds, rings_of
from backend.adjudication.steps import State
from backend.adjudication.work import Work
from backend.records import LabelMasks
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE
from converters.regions import LABELS

MIRRORED = {"split": "merged", "merged": "split", "only_a": "only", "only_b": "only"}
DISPUTES_AT_HAND = 2048


@dataclass(frozen=True)
class Around:
    """What a page is told besides the work itself.

    Attributes:
        statuses: where each image stands that the work does not decide.
        beside: the masks of their references.
        model_allowed: whether a model may be looked at.
        opinion: the second opinion on the case as its first physician sees it, None where none was asked for.
        joint: for a last word: the states of the first and of the second physician's work.
    """

    statuses: dict[int, str]
    beside: Beside
    model_allowed: bool
    opinion: dict[str, str] | None
    joint: tuple[State, State] | None


def document(case: CaseStudy, work: Work, around: Around) -> dict[str, Any]:
    """The whole case."""
    state = work.folded
    return {
        "study": case.token,
        "state": work.state,
        "kind": work.kind,
        "revision": state.revision,
        "undecided": len(undecided(case, work, state)),
        "can_undo": state.can_undo,
        "comment": state.comment,
        "burden": burden_live(case, state.decided, around.beside),
        "burden_first": burden_of(case, "first"),
        "burden_second": burden_of(case, "second"),
        "model": {"allowed": around.model_allowed, "shown": state.model_shown},
        "second_opinion": around.opinion,
        "projections": [_projection(case, one, work, state, around) for one in case.projections],
    }


def answer(case: CaseStudy, work: Work, state: State, beside: Beside, touched: str | None) -> dict[str, Any]:
    """What changed by one step; `touched` is the key of the dispute that it was about."""
    return {
        "revision": state.revision,
        "undecided": len(undecided(case, work, state)),
        "burden": burden_live(case, state.decided, beside),
        "dispute": _dispute(case, *case.disputes[touched], state, None) if touched in case.disputes else None,
        "added": _added(state, None),
        "comment": state.comment,
        "exclusions": state.decided.exclusions,
        "can_undo": state.can_undo,
    }


def undecided(case: CaseStudy, work: Work, state: State) -> list[str]:
    """Keys of the disputes that still wait: those of excluded projections do not."""
    return [
        key
        for key, (projection, _) in case.disputes.items()
        if projection.image_id in work.disputed
        and projection.projection not in state.decided.exclusions
        and key not in state.decided.decisions
    ]


def _projection(case: CaseStudy, one: CaseProjection, work: Work, state: State, around: Around) -> dict[str, Any]:
    in_work = one.image_id in work.disputed
    exclusion = state.decided.exclusions.get(one.projection)
    status = ("excluded" if exclusion else "adjudicate") if in_work else around.statuses[one.image_id]
    disputes = one.disputes if in_work else ()
    return {
        "projection": one.projection,
        "rows": GRID_ROWS,
        "columns": GRID_COLUMNS,
        "pixel_mm": one.pixel_mm,
        "status": status,
        "exclusion": exclusion,
        "joint": _joint_exclusion(one, around) if in_work else None,
        "settled": _outlines(_settled(one) if in_work else around.beside[one.image_id]),
        "disputes": [_dispute(case, one, dispute, state, around.joint) for dispute in disputes],
        "added": _added(state, one.projection),
    }


def _dispute(
    case: CaseStudy, projection: CaseProjection, dispute: Dispute, state: State, joint: tuple[State, State] | None
) -> dict[str, Any]:
    decision = state.decided.decisions.get(dispute.key)
    known = _known(dispute)
    sides = {shown: known[f"side_{case.order[shown]}"] for shown in case.order}
    ordered = case.order["first"] == "a"
    mirrored = dispute.kind if ordered and dispute.kind in ("split", "merged") else MIRRORED.get(dispute.kind)
    return {
        "key": dispute.key,
        "number": dispute.identifier,
        "kind": mirrored or dispute.kind,
        "label": dispute.label,
        "box": known["box"],
        "first": sides["first"],
        "second": sides["second"],
        "unreadable": _unreadable(case, projection, dispute),
        "choices": case.shown(choices_of(dispute)),
        "needs_reason": case.shown(rejecting(dispute)),
        "decision": decision,
        "joint": None if joint is None else _joint(dispute, joint),
    }


@lru_cache(maxsize=DISPUTES_AT_HAND)
def _known(dispute: Dispute) -> dict[str, Any]:
    """What never changes of a dispute, kept because outlines take longest."""
    return {
        "box": list(bounds([side.mask for side in dispute.sides], dispute.at)),
        "side_a": _side(dispute, dispute.a),
        "side_b": _side(dispute, dispute.b),
    }


def _side(dispute: Dispute, side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "label": side.label,
        "pixels": int(np.count_nonzero(side.mask)),
        "rings": rings_of(side.label, side.mask, dispute.at),
    }


def _unreadable(case: CaseStudy, projection: CaseProjection, dispute: Dispute) -> dict[str, str] | None:
    """Which reading calls the image unreadable and why, where that is the dispute."""
    if dispute.kind != "exclusion" or projection.compared is None:
        return None
    a, b = projection.compared.a.exclusion, projection.compared.b.exclusion
    return {"by": case.shown(["a" if a else "b"])[0], "reason": a or b or ""}


def _joint(dispute: Dispute, joint: tuple[State, State]) -> dict[str, Any]:
    """Both physicians' choices and what they drew; None where one excluded the projection and decided nothing."""
    first, second = (state.decided.decisions.get(dispute.key, {}) for state in joint)
    return {
        "first_physician": first.get("choice"),
        "second_physician": second.get("choice"),
        "first_regions": first.get("regions"),
        "second_regions": second.get("regions"),
    }


def _joint_exclusion(one: CaseProjection, around: Around) -> dict[str, str | None] | None:
    if around.joint is None:
        return None
    first, second = (state.decided.exclusions.get(one.projection) for state in around.joint)
    return {"first_physician": first, "second_physician": second}


def _settled(one: CaseProjection) -> LabelMasks:
    return compose(one.settled, np.zeros(GRID_SHAPE, bool))


def _outlines(masks: LabelMasks | None) -> list[dict[str, Any]]:
    if masks is None:
        return []
    return [{"label": label, "rings": rings_of(label, masks[label])} for label in LABELS if masks[label].any()]


def _added(state: State, projection: str | None) -> list[dict[str, Any]]:
    return [
        {"key": key, "projection": one["projection"], "label": one["region"]["label"], "rings": one["region"]["rings"]}
        for key, one in state.decided.added.items()
        if projection in (None, one["projection"])
    ]
