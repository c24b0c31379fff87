"""What a run started now would learn from beyond the champion, and when the next one starts by itself, in words."""

import re
from typing import Any

from backend.jobs.steps.consider import BY_SCHEDULE, automatic
from backend.jobs.steps.news import whats_new
from backend.settings import Settings
from backend.store.tables import now
from backend.web.shown import moment
from backend.web.words import gettext as _
from backend.web.words import ngettext

AFTER = re.compile(r"after (\d+) new references")


def news(settings: Settings) -> dict[str, Any]:
    """`new` as `whats_new` gives it, `next`: the next run by itself, and the rules, in words."""
    planned = automatic(settings)
    return {"new": whats_new(settings), "next": _next(planned), "rules": _rules(planned)}


def asked_by(who: str) -> str:
    """By whom or by which rule a run was asked for, in words."""
    if who == BY_SCHEDULE:
        return _("by schedule")
    if after := AFTER.fullmatch(who):
        return ngettext("after %(num)s new reference", "after %(num)s new references", int(after[1]))
    return _("by %(who)s", who=who)


def _next(planned: dict[str, Any]) -> str:
    if planned["awaits"] == "somebody":
        return _("Runs start by hand only.")
    if planned["awaits"] == "run":
        return _("The next run by itself is considered when no run is queued or running.")
    if planned["awaits"] == "reference":
        return _("The next run by itself waits for new references.")
    if planned["at"] <= now().isoformat():
        return _("A run by itself is due and starts within a minute.")
    at = moment(planned["at"])
    if planned["reason"] == "schedule":
        return _("The next run by itself starts by schedule on %(at)s.", at=at)
    return _("The next run by itself starts at %(at)s unless another reference comes before.", at=at)


def _rules(planned: dict[str, Any]) -> list[str]:
    found = []
    if wanted := planned["after_references"]:
        found.append(
            _(
                "After %(n)s new references and %(minutes)s quiet minutes: %(now)s have come since the last run.",
                n=wanted,
                minutes=f"{planned['quiet_minutes']:g}",
                now=planned["references"],
            )
        )
    if days := planned["every_days"]:
        found.append(_("When the last run is %(days)s days old and a reference is new.", days=f"{days:g}"))
    return found
