"""From a wish to retrain to a queued run: the one way in for the command, the web button and Label Studio's button."""

from typing import Any

from backend.datasets.freeze import find, freeze
from backend.errors import ServiceError
from backend.jobs import runs
from backend.jobs.dispatch import dispatch
from backend.settings import Settings

QUIET_VISIBILITIES = 10
"""Runs without any sign of life for this many visibility timeouts have lost their message."""


def start_training(settings: Settings, requested_by: str, *, dataset: str | None = None, **options: Any) -> str:
    """Queues a run on `dataset`, or on a version frozen now; returns the run's id.

    Args:
        requested_by: account, operating-system user or service, for the record.
        options: `start` (`champion`, `scratch` or a path), `encoder`, `steps`; unset ones take the settings' values.

    Raises:
        NotFound: no dataset version has that id or beginning of an id.
        WrongState: there is no reference to freeze yet.
        ServiceError: the broker does not take the run, which then is failed.
    """
    version = find(settings, dataset) if dataset else freeze(settings, by=requested_by)
    chosen = {name: value for name, value in options.items() if value is not None}
    run_id = runs.request_run(settings, requested_by, version.id, **chosen)
    try:
        dispatch(settings, "train", run_id=run_id)
    except ServiceError as error:
        runs.give_up(settings, run_id, str(error))
        raise
    return run_id


def queue_lost_runs(settings: Settings) -> list[str]:
    """Dispatches unfinished runs again whose message the broker lost; a needless second message does no harm."""
    lost = runs.abandoned(settings, QUIET_VISIBILITIES * settings.visibility_seconds)
    for run_id in lost:
        dispatch(settings, "train", run_id=run_id)
    return lost
