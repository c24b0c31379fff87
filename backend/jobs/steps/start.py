"""From a wish to retrain to a queued run: the one way in for the command, the web button and Label Studio's button."""

from typing import Any

from backend.datasets.check import check_version
from backend.datasets.freeze import find, freeze
from backend.errors import ServiceError
from backend.jobs import runs
from backend.jobs.dispatch import dispatch
from backend.jobs.steps.choices import problems
from backend.jobs.steps.starts import SCRATCH, encoder_of, fixed
from backend.promotion.registry import champion
from backend.settings import Settings
from backend.store.session import open_session

QUIET_VISIBILITIES = 10
"""Runs without any sign of life for this many visibility timeouts have lost their message."""


def start_training(settings: Settings, requested_by: str, *, dataset: str | None = None, **options: Any) -> str:
    """Queues a run on `dataset`, or on a version frozen now; returns the run's id.

    Args:
        requested_by: account, operating-system user or service, for the record.
        options: `recipe`; `start` (`champion`, `scratch`, `day-one`, a model version, `package:NAME` or a path; unset,
            the champion where there is one, its encoder is not refused and the recipe is not the study's, which began
            from nothing); `encoder`, `steps`; unset ones take the recipe's or the settings' values.

    Raises:
        NotFound: no dataset version has that id or beginning of an id; there is no such model to start from.
        InputError: an option or the dataset version cannot be; names it.
        Refused: the dataset version is closed data, or would train on sequestered patients.
        WrongState: there is no reference to freeze yet.
        ServiceError: the broker does not take the run, which then is failed.
    """
    for wrong in problems(settings, options | {"dataset": dataset}).values():
        raise wrong
    version = find(settings, dataset) if dataset else freeze(settings, by=requested_by)
    check_version(settings, version)
    chosen = {name: value for name, value in options.items() if value is not None}
    chosen |= fixed(settings, chosen.get("start") or _usual_start(settings, chosen))
    run_id = runs.request_run(settings, requested_by, version.id, **chosen)
    try:
        dispatch(settings, "train", run_id=run_id)
    except ServiceError as error:
        runs.give_up(settings, run_id, str(error))
        raise
    return run_id


def warm_start(settings: Settings, encoder: str | None = None) -> str:
    """The champion's id; `scratch` without one, or where another encoder than its own is asked for or set."""
    with open_session(settings) as session:
        serving = champion(session)
    wanted = encoder or settings.encoder
    if serving is None or wanted not in (None, encoder_of(serving)):
        return SCRATCH
    return serving.id


def _usual_start(settings: Settings, options: dict[str, Any]) -> str:
    return SCRATCH if options.get("recipe") == "study" else warm_start(settings, options.get("encoder"))


def queue_lost_runs(settings: Settings) -> list[str]:
    """Dispatches unfinished runs again whose message the broker lost; a needless second message does no harm."""
    lost = runs.abandoned(settings, QUIET_VISIBILITIES * settings.visibility_seconds)
    for run_id in lost:
        dispatch(settings, "train", run_id=run_id)
    return lost
