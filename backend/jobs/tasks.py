"""The Celery app: what the workers can be asked to do. Bodies live in `steps`; nothing is read before it is needed.

A task is acknowledged when it has ended, so one whose worker dies is given to another. The broker gives it away once
its timestamp is older than the visibility timeout; a thread keeps the timestamp of the task in hand fresh, so that
long training neither runs twice nor waits hours to be taken up again.
"""

import os
import threading
import time
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun, worker_process_init
from celery.utils.log import get_task_logger
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from backend.errors import ServiceError
from backend.jobs.lifeline import die_with
from backend.settings import Settings, load_settings

log = get_task_logger(__name__)

GPU_QUEUE = "gpu"
DEFAULT_QUEUE = "default"


def configuration() -> dict[str, Any]:
    """Celery's configuration from the settings in force."""
    settings = load_settings()
    return {
        "broker_url": settings.broker,
        "broker_transport_options": {
            "visibility_timeout": settings.visibility_seconds,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
        },
        "broker_connection_retry_on_startup": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_default_queue": DEFAULT_QUEUE,
        "task_routes": {"train": {"queue": GPU_QUEUE}},
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 1.0,
        "worker_hijack_root_logger": False,
        "beat_schedule_filename": str(settings.home / "run" / "schedule"),
        "beat_schedule": {
            name: {
                "task": name,
                "schedule": settings.reconcile_seconds,
                "options": {"expires": settings.reconcile_seconds},
            }
            for name in ("reconcile", "consider_training")
        },
    }


app = Celery("scintiloop", set_as_current=False)
app.add_defaults(configuration)

RETRY = {"autoretry_for": (ServiceError,), "retry_backoff": 2, "retry_backoff_max": 30, "max_retries": 5}
"""A service that is away for a moment; what stays undone after a minute is found again by `reconcile`."""


_in_hand: dict[str, threading.Event] = {}


@task_prerun.connect
def _take_in_hand(task_id: str, task: Task, **_: object) -> None:
    tag = (task.request.properties or {}).get("delivery_tag")
    if tag:
        _in_hand[task_id] = threading.Event()
        threading.Thread(target=_give_signs_of_life, args=(tag, _in_hand[task_id]), daemon=True).start()


@task_postrun.connect
def _let_go(task_id: str, **_: object) -> None:
    if ended := _in_hand.pop(task_id, None):
        ended.set()


def _give_signs_of_life(delivery_tag: str, ended: threading.Event) -> None:
    while not ended.wait(load_settings().visibility_seconds / 3):
        try:
            with app.connection_for_write() as connection:
                channel = connection.default_channel
                channel.client.zadd(channel.unacked_index_key, {delivery_tag: time.time()}, xx=True)
        except (OSError, RedisError) as error:
            log.warning("the broker did not hear that a task is still in hand: %s", error)


@worker_process_init.connect
def _die_with_worker(**_: object) -> None:
    die_with(os.getppid())


@app.task(name="receive_event", **RETRY)
def receive_event(document: dict[str, Any]) -> None:
    """A Label Studio webhook's document."""
    from backend.jobs.steps import read  # noqa: PLC0415 (the rooms load torch, which must not come before the fork)

    read.receive_event(load_settings(), document)


@app.task(name="reconcile")
def reconcile() -> None:
    """Brings in what webhooks missed, queues runs again whose message the broker lost, and publishes what is new.

    In this order: a task whose reading has just come in is not pre-annotated any more.
    """
    from backend.jobs.steps import publish, read, start  # noqa: PLC0415

    settings = load_settings()
    start.queue_lost_runs(settings)
    read.reconcile(settings)
    publish.publish(settings, wait=False)


@app.task(name="settle", **RETRY)
def settle() -> None:
    """Agreement and references of everything that now has two sealed readings."""
    from backend.jobs.steps import agree  # noqa: PLC0415

    agree.settle(load_settings())


@app.task(name="publish", **RETRY)
def publish() -> None:
    """Tasks for new studies, and the champion's outlines for tasks that nobody has begun."""
    from backend.jobs.steps import publish  # noqa: PLC0415

    publish.publish(load_settings(), wait=False)


@app.task(name="reannotate", **RETRY)
def reannotate(model_id: str) -> None:
    """New pre-annotations for tasks that nobody has begun, after `model_id` became champion."""
    from backend.jobs.steps import publish  # noqa: PLC0415

    log.info("pre-annotating again: the champion is %s", model_id)
    publish.publish(load_settings(), wait=False)


@app.task(name="start_training", **RETRY)
def start_training(requested_by: str, options: dict[str, Any] | None = None) -> None:
    """Freezes a dataset version unless the options name one, and queues a run on it."""
    from backend.jobs.steps import start  # noqa: PLC0415

    start.start_training(load_settings(), requested_by, **(options or {}))


@app.task(name="consider_training")
def consider_training() -> None:
    """A run that nobody asked for, where the settings say that it is time."""
    from backend.jobs.steps import consider  # noqa: PLC0415

    if run_id := consider.consider_training(load_settings()):
        log.info("run %s was started without being asked for", run_id)


@app.task(name="train")
def train(run_id: str) -> None:
    from backend.jobs.watch import train as watch_training  # noqa: PLC0415

    watch_training(load_settings(), run_id)


def load_for_sending(settings: Settings) -> None:
    """Loads and makes now what the first `send` of a process would otherwise wait for; needs no broker."""
    app.finalize()
    with app.connection_for_write(settings.broker) as connection:
        # the property makes the transport, which imports the broker's client, and does not connect
        _ = (connection.transport, app.amqp.send_task_message)


def send(settings: Settings, name: str, arguments: dict[str, Any]) -> str:
    """Queues one task on the broker of `settings`, whatever the environment says.

    Raises:
        ConnectionError: the broker does not answer.
    """
    options = {"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 1, "interval_start": 0}
    try:
        with app.connection_for_write(settings.broker, transport_options=options) as connection:
            return str(app.tasks[name].apply_async(kwargs=arguments, connection=connection, retry=False).id)
    except (OSError, RedisError, OperationalError) as error:
        raise ConnectionError(str(error)) from error
