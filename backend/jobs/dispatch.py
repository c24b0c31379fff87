"""Sends a task by its name: what the ML backend, the web pages and the command use; knows neither torch nor Celery."""

from typing import Any, Literal

from backend.errors import ServiceError
from backend.settings import Settings

TaskName = Literal[
    "receive_event",
    "reconcile",
    "settle",
    "publish",
    "reannotate",
    "start_training",
    "consider_training",
    "train",
]


def dispatch(settings: Settings, name: TaskName, **arguments: Any) -> str:
    """Queues a task on the broker of `settings`; returns the task's id.

    Raises:
        ServiceError: the broker cannot be reached, or does not take the task.
    """
    from backend.jobs.tasks import send  # noqa: PLC0415 (Celery takes 200 ms to load; many callers never dispatch)

    try:
        return send(settings, name, arguments)
    except (OSError, ConnectionError) as error:
        raise ServiceError(
            f"{name} could not be queued: the broker at {settings.broker} does not answer ({error}); "
            "`scintiloop status` shows the services, `scintiloop up` starts them"
        ) from None


def get_ready(settings: Settings) -> None:
    """Loads now what the first `dispatch` of a process would load, for a caller that must answer at once then."""
    from backend.jobs.tasks import load_for_sending  # noqa: PLC0415

    load_for_sending(settings)
