"""All services of one machine, idle: memory of each, time to start, time of the answers that Label Studio waits for."""

import base64
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import requests

from backend.services.machine import ServiceStatus, down, status
from backend.services.site import open_site
from backend.settings import load_settings
from backend.store import schema
from backend.store.secrets import secret

REQUESTS = 50
SETTLING_SECONDS = 20


def measure() -> Iterator[str]:
    """Starts a new home's services twice and looks at them at rest."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder) / "home")
        schema.prepare(settings)
        try:
            first = _timed(lambda: open_site(settings))
            time.sleep(SETTLING_SECONDS)
            memory = {service.name: _megabytes(service) for service in status(settings)}
            password = secret(settings, "ml_backend_password")
            health = _milliseconds(f"{settings.ml_backend_address}/health", None, None)
            event = {"action": "ANNOTATIONS_DELETED", "project": {"id": 0}, "annotations": []}
            webhook = _milliseconds(f"{settings.ml_backend_address}/webhook", password, event)
            down(settings)
            again = _timed(lambda: open_site(settings))
        finally:
            down(settings)
    rows = "\n".join(f"| {name} | {size:.0f} |" for name, size in memory.items())
    yield (
        "## Services at rest\n\n"
        f"First start with set-up {first:.0f} s, second start {again:.0f} s. `/health` answers in {health:.1f} ms, "
        f"`/webhook` in {webhook:.1f} ms (medians of {REQUESTS}).\n\n"
        f"| service | memory, MB (proportional set size) |\n| --- | --- |\n{rows}\n| all | {sum(memory.values()):.0f} |"
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _megabytes(service: ServiceStatus) -> float:
    if service.pid is None:
        return 0.0
    parent = psutil.Process(service.pid)
    processes = [parent, *parent.children(recursive=True)]
    return sum(_size(process) for process in processes) / 1e6


def _size(process: psutil.Process) -> int:
    """Pages shared between processes count once where the system can tell."""
    used = process.memory_full_info()
    return int(getattr(used, "pss", used.rss))


def _milliseconds(url: str, password: str | None, body: object) -> float:
    headers = {}
    if password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"scintiloop:{password}".encode()).decode()
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        answer = requests.request("POST" if body else "GET", url, json=body, headers=headers, timeout=10)
        times.append(1000 * (time.perf_counter() - started))
        answer.raise_for_status()
    return statistics.median(times)
