"""From a wish to retrain to a queued run: the one way in for the command, the web button and Label Studio's button."""

from typing import Any

from backend.datasets.freeze import find, freeze
from backend.errors import InputError, NotFound, ServiceError
from backend.jobs import runs
from backend.jobs.dispatch import dispatch
from backend.promotion.registry import champion
from backend.settings import Settings
from backend.store.session import open_session

QUIET_VISIBILITIES = 10
"""Runs without any sign of life for this many visibility timeouts have lost their message."""


def start_training(settings: Settings, requested_by: str, *, dataset: str | None = None, **options: Any) -> str:
    """Queues a run on `dataset`, or on a version frozen now; returns the run's id.

    Args:
        requested_by: account, operating-system user or service, for the record.
        options: `start` (`champion`, `scratch`, a model version or a path; the champion where there is one and its
            encoder is not refused), `encoder`, `steps`; unset ones take the settings' values.

    Raises:
        NotFound: no dataset version has that id or beginning of an id; there is no champion to start from.
        InputError: `steps` is less than 1.
        WrongState: there is no reference to freeze yet.
        ServiceError: the broker does not take the run, which then is failed.
    """
    if options.get("steps") is not None and options["steps"] < 1:
        raise InputError(f"is {options['steps']}; choose at least 1", field="steps")
    version = find(settings, dataset) if dataset else freeze(settings, by=requested_by)
    chosen = {name: value for name, value in options.items() if value is not None}
    chosen["start"] = _start(settings, chosen)
    run_id = runs.request_run(settings, requested_by, version.id, **chosen)
    try:
        dispatch(settings, "train", run_id=run_id)
    except ServiceError as error:
        runs.give_up(settings, run_id, str(error))
        raise
    return run_id


def _start(settings: Settings, options: dict[str, Any]) -> str:
    """The start, named once for all attempts of the run: a promotion meanwhile changes nothing."""
    wanted = str(options.get("start", ""))
    if wanted not in ("", "champion"):
        return wanted
    with open_session(settings) as session:
        serving = champion(session)
    if serving is None:
        if wanted:
            raise NotFound("there is no champion to start from; start from scratch")
        return "scratch"
    encoder = serving.card["architecture"]["encoder"]
    return serving.id if wanted or options.get("encoder", encoder) == encoder else "scratch"


def queue_lost_runs(settings: Settings) -> list[str]:
    """Dispatches unfinished runs again whose message the broker lost; a needless second message does no harm."""
    lost = runs.abandoned(settings, QUIET_VISIBILITIES * settings.visibility_seconds)
    for run_id in lost:
        dispatch(settings, "train", run_id=run_id)
    return lost
