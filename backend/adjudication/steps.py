"""A physician's steps and what they amount to: decisions, exclusions, additions, a comment."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

UNDOABLE = ("decide", "clear", "exclude", "include", "add", "remove")
CARRY = "carry"
"""The first step of work that continues other work: its decisions, as a document."""


@dataclass(frozen=True)
class Step:
    """One thing that was done; `detail` is what the request said of it, checked."""

    number: int
    action: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Decided:
    """What stands when all steps are taken together, by dispute key, projection and key of the addition.

    Attributes:
        decisions: `{"choice", "reason", "regions"}` each.
        exclusions: the reason of each excluded projection.
        added: `{"projection", "region"}` each, in the order in which they were drawn.
    """

    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    exclusions: dict[str, str] = field(default_factory=dict)
    added: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """Where the work stands. `past` is what undoing goes back to, newest last."""

    decided: Decided = field(default_factory=Decided)
    past: tuple[Decided, ...] = ()
    comment: str = ""
    model_shown: bool = False
    revision: int = 0

    @property
    def can_undo(self) -> bool:
        return bool(self.past)


def fold(steps: Iterable[Step]) -> State:
    """Takes all steps together, in their order."""
    state = State()
    for step in steps:
        state = after(state, step)
    return state


def after(state: State, step: Step) -> State:
    """The state after one more step.

    Undoing takes back the last decision, exclusion or addition that was not taken back yet; comments and the look at
    the model's outlines stay.
    """
    state = replace(state, revision=step.number)
    if step.action == "undo":
        return replace(state, decided=state.past[-1], past=state.past[:-1])
    if step.action in UNDOABLE:
        return replace(state, decided=_applied(state.decided, step), past=(*state.past, state.decided))
    if step.action == "comment":
        return replace(state, comment=step.detail["text"])
    if step.action == "show_model":
        return replace(state, model_shown=True)
    return _carried(state, step.detail)


def carry_document(state: State, *, keep_model: bool) -> dict[str, Any]:
    """A state as the detail of a CARRY step; `keep_model` where the same physician goes on."""
    decided = state.decided
    return {
        "decisions": decided.decisions,
        "exclusions": decided.exclusions,
        "added": decided.added,
        "comment": state.comment,
        "model_shown": state.model_shown and keep_model,
    }


def _applied(decided: Decided, step: Step) -> Decided:
    detail = step.detail
    if step.action == "decide":
        decision = {"choice": detail["choice"], "reason": detail.get("reason"), "regions": detail.get("regions")}
        return replace(decided, decisions=decided.decisions | {detail["dispute"]: decision})
    if step.action == "clear":
        return replace(decided, decisions=_without(decided.decisions, detail["dispute"]))
    if step.action == "exclude":
        return replace(decided, exclusions=decided.exclusions | {detail["projection"]: detail["reason"]})
    if step.action == "include":
        return replace(decided, exclusions=_without(decided.exclusions, detail["projection"]))
    if step.action == "remove":
        return replace(decided, added=_without(decided.added, detail["key"]))
    named = zip(detail["keys"], detail["regions"], strict=True)
    drawn = {key: {"projection": detail["projection"], "region": region} for key, region in named}
    return replace(decided, added=decided.added | drawn)


def _without(named: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in named.items() if name != key}


def _carried(state: State, detail: dict[str, Any]) -> State:
    decided = Decided(detail["decisions"], detail["exclusions"], detail["added"])
    return replace(state, decided=decided, comment=detail["comment"], model_shown=detail["model_shown"])
