"""Starts a run by itself where the settings ask for it, and tells when that would be."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backend.datasets.freeze import freeze
from backend.errors import ScintiloopError, ServiceError
from backend.jobs import runs
from backend.jobs.steps.news import last_given, new_references
from backend.jobs.steps.occasion import Known, Plan, Rules, plan
from backend.jobs.steps.start import start_training
from backend.settings import Settings
from backend.store.lock import one_at_a_time
from backend.store.session import open_session
from backend.store.tables import Run, now

BY_SCHEDULE = "by schedule"
AFTER_REFERENCES = "after {} new references"


def rules_of(settings: Settings) -> Rules:
    every = settings.retrain_every_days
    return Rules(
        settings.retrain_after_references,
        timedelta(minutes=settings.retrain_quiet_minutes),
        None if every is None else timedelta(days=every),
    )


def consider_training(settings: Settings) -> str | None:
    """Asks for a run where the rules say that it is time; returns its id, None where they do not.

    Raises:
        ServiceError: the broker does not take the run, which then is failed.
    """
    if rules_of(settings).by_hand:
        return None
    with one_at_a_time(settings, "consider-training", wait=False) as mine:
        if not mine:
            return None
        known = known_now(settings)
        found = plan(rules_of(settings), known)
        if not found.due(now()):
            return None
        by = BY_SCHEDULE if found.reason == "schedule" else AFTER_REFERENCES.format(known.references)
        return _start(settings, by)


def _start(settings: Settings, by: str) -> str:
    """The run; where it is refused, one that has failed with the reason: nobody is there to be told, and it counts as
    the last one that was asked for."""
    try:
        return start_training(settings, by)
    except ServiceError:
        raise
    except ScintiloopError as error:
        run_id = runs.request_run(settings, by, freeze(settings, by=by).id)
        runs.give_up(settings, run_id, str(error))
        return run_id


def known_now(settings: Settings) -> Known:
    """What the rule looks at, from the database."""
    with open_session(settings) as session:
        found = [one for one in new_references(session, last_given(session)) if not one.sequestered]
        unfinished = session.scalar(select(func.count(Run.id)).where(Run.state.not_in(runs.ENDED)))
        last_run = session.scalar(select(func.max(Run.created)))
    return Known(len(found), found[-1].created if found else None, last_run, bool(unfinished))


def automatic(settings: Settings) -> dict[str, Any]:
    """The next run that starts by itself, and the rules, as JSON."""
    rules, known = rules_of(settings), known_now(settings)
    found: Plan = plan(rules, known)
    return {
        "reason": found.reason,
        "at": found.at.isoformat() if found.at else None,
        "awaits": found.awaits,
        "references": known.references,
        "after_references": rules.after_references,
        "quiet_minutes": settings.retrain_quiet_minutes,
        "every_days": settings.retrain_every_days,
    }
