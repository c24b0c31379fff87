"""When a run starts by itself: one rule over what is known; nothing is read or written here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Reason = Literal["references", "schedule"]
Awaited = Literal["somebody", "run", "reference"]


@dataclass(frozen=True)
class Rules:
    """After so many new references, once none has come for `quiet`; every so long. None is off."""

    after_references: int | None
    quiet: timedelta
    every: timedelta | None

    @property
    def by_hand(self) -> bool:
        return self.after_references is None and self.every is None


@dataclass(frozen=True)
class Known:
    """What the rule looks at.

    Attributes:
        references: that a run started now would learn from and that no earlier one was given.
        newest: when the newest of them was made; None without any.
        last_run: when a run was asked for last.
        unfinished: whether a run is queued or running.
    """

    references: int
    newest: datetime | None
    last_run: datetime | None
    unfinished: bool


@dataclass(frozen=True)
class Plan:
    """The next run that starts by itself, `at` a time and for a `reason`; without them, what it `awaits`."""

    reason: Reason | None = None
    at: datetime | None = None
    awaits: Awaited | None = None

    def due(self, now: datetime) -> bool:
        return self.at is not None and self.at <= now


def plan(rules: Rules, known: Known) -> Plan:
    """The earlier of what the rules ask for, as far as it can be told without new references.

    A run by schedule waits for at least one new reference: the same data would only give the same model again.
    """
    if rules.by_hand:
        return Plan(awaits="somebody")
    if known.unfinished:
        return Plan(awaits="run")
    if known.newest is None:
        return Plan(awaits="reference")
    chosen: list[tuple[datetime, Reason]] = []
    if rules.after_references is not None and known.references >= rules.after_references:
        chosen.append((known.newest + rules.quiet, "references"))
    if rules.every is not None:
        chosen.append((max(known.last_run + rules.every, known.newest) if known.last_run else known.newest, "schedule"))
    if not chosen:
        return Plan(awaits="reference")
    at, reason = min(chosen)
    return Plan(reason, at)
