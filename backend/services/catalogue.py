"""What runs on one machine: each service's command, environment, address and sign of readiness."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import requests

from backend.services.broker import answers, broker_command
from backend.services.environment import label_studio_environment, label_studio_python, service_environment
from backend.services.processes import Slot
from backend.settings import Settings

HEALTH_SECONDS = 2.0
WORKER_PROCESSES = "2"
WEB_THREADS = "8"


@dataclass(frozen=True)
class Service:
    """One service. `command` is empty where a setting points to one that someone else runs."""

    name: str
    url: str
    answers: Callable[[], bool]
    """Whether it does its work; True for a process whose life is all that can be seen."""
    command: Callable[[], tuple[str, ...]] | None
    environment: Callable[[], dict[str, str]] = dict
    """Asked for at the start only, because it makes the secrets that a service is told."""
    port: int | None = None
    ready_line: bytes | None = None
    """Written to the log once it is ready, for services without an address."""
    patience: float = 120
    """Seconds until a start counts as failed."""


def slot(settings: Settings, name: str) -> Slot:
    return Slot(name, settings.home.absolute())


def catalogue(settings: Settings) -> tuple[Service, ...]:
    """Every service in the order in which they start; they stop in the opposite order."""
    ours = service_environment(settings)
    return (
        _broker(settings),
        _celery("worker", ours, "worker", "-Q", "default", "-n", "default@%h", "--concurrency", WORKER_PROCESSES),
        _celery("worker_gpu", ours, "worker", "-Q", "gpu", "-n", "gpu@%h", "--concurrency", "1"),
        _celery("scheduler", ours, "beat", "--schedule", "schedule", "--pidfile", ""),
        _pages(
            settings, "ml_backend", "ml_backend.app:create_app()", settings.ml_backend_port, settings.ml_backend_url
        ),
        _pages(settings, "web", "backend.web.app:create_app()", settings.web_port, None),
        _label_studio(settings),
    )


def _broker(settings: Settings) -> Service:
    if settings.broker_url:
        shown = settings.broker_url.rpartition("@")[2]
        return Service("broker", shown, lambda: answers(settings.broker), command=None)
    return Service("broker", settings.broker, lambda: answers(settings.broker), lambda: broker_command(settings))


def _celery(name: str, environment: dict[str, str], kind: str, *options: str) -> Service:
    command = (sys.executable, "-m", "celery", "-A", "backend.jobs.tasks", kind, "--loglevel", "INFO", *options)
    quiet = ("--without-gossip", "--without-mingle", "--pool", "prefork") if kind == "worker" else ()
    return Service(
        name,
        url="",
        answers=lambda: True,
        command=lambda: command + quiet,
        # a worker told to stop gives its task back instead of waiting for hours of training
        environment=lambda: environment | {"REMAP_SIGTERM": "SIGQUIT"},
        ready_line=b" ready." if kind == "worker" else b"beat: Starting",
    )


def _pages(settings: Settings, name: str, application: str, port: int, elsewhere: str | None) -> Service:
    url = settings.ml_backend_address if name == "ml_backend" else settings.web_address
    command = (
        *(sys.executable, "-m", "gunicorn", application, "--bind", f"{settings.bind}:{port}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", WEB_THREADS, "--timeout", "120"),
        *("--graceful-timeout", "10", "--no-control-socket"),
    )
    return Service(
        name,
        url,
        answers=lambda: _responds(f"{url}/health"),
        command=None if elsewhere else lambda: command,
        environment=lambda: service_environment(settings),
        port=None if elsewhere else port,
    )


def _label_studio(settings: Settings) -> Service:
    url = settings.label_studio_address
    elsewhere = settings.label_studio_url is not None

    def command() -> tuple[str, ...]:
        server = (str(label_studio_python(settings)), "-m", "label_studio.server", "start", "--no-browser")
        return (*server, "--internal-host", settings.bind, "--port", str(settings.label_studio_port))

    return Service(
        "label_studio",
        url,
        answers=lambda: _responds(f"{url}/health"),
        command=None if elsewhere else command,
        environment=lambda: label_studio_environment(settings),
        port=None if elsewhere else settings.label_studio_port,
        patience=300,
    )


def _responds(url: str) -> bool:
    try:
        return requests.get(url, timeout=HEALTH_SECONDS, allow_redirects=False).status_code < 500
    except requests.RequestException:
        return False
