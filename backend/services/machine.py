"""Up, down and status of every service of one machine."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from backend.errors import ServiceError
from backend.services.broker import prepare_folders
from backend.services.catalogue import Service, catalogue, slot
from backend.services.checks import check_disk, check_ports
from backend.services.processes import end
from backend.settings import Settings
from backend.store.lock import one_at_a_time

State = Literal["running", "stopped", "failed"]
Announce = Callable[[str], None]
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class ServiceStatus:
    """One service now: `failed` is one that was started and does not answer, or whose process is gone."""

    name: str
    url: str | None
    state: State
    pid: int | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def status(settings: Settings) -> list[ServiceStatus]:
    """Every service, in the order in which they start."""
    return [_status(settings, service) for service in catalogue(settings)]


def startable(settings: Settings, only: Collection[str] | None = None) -> list[tuple[Service, tuple[str, ...]]]:
    """What `up` would start now, each service with its command, once nothing stands in its way; changes nothing.

    Args:
        only: as for `up`.

    Raises:
        ServiceError: a port is taken, the disk is full or a program is missing; names the setting that mends it.
    """
    missing = [
        (service, service.command)
        for service in catalogue(settings)
        if (only is None or service.name in only) and service.command and not slot(settings, service.name).process()
    ]
    if not missing:
        return []
    check_disk(settings)
    check_ports(settings, [service for service, _ in missing])
    return [(service, command()) for service, command in missing]


def up(
    settings: Settings, only: Collection[str] | None = None, announce: Announce = lambda _: None
) -> list[ServiceStatus]:
    """Starts what is not running yet and waits until each answers; starting twice changes nothing.

    Args:
        only: names of the services to start; all where None.
        announce: told one sentence per step.

    Raises:
        ServiceError: a port is taken, the disk is full or Label Studio is not installed (nothing was started then),
            or a service did not come up; names the setting or the log.
    """
    with _alone(settings):
        commands = startable(settings, only)
        if any(service.name == "broker" for service, _ in commands):
            prepare_folders(settings)
            settings.broker_socket.unlink(missing_ok=True)
        started = []
        for service, command in commands:
            announce(f"starting {service.name}")
            started.append((service, _log_size(settings, service)))
            slot(settings, service.name).start(command, service.environment())
            if service.name == "broker":
                _wait(settings, service, 0)
        for service, log_start in started:
            _wait(settings, service, log_start)
            announce(f"{service.name} is running{f' at {service.url}' if service.port else ''}")
    return status(settings)


def down(settings: Settings, announce: Announce = lambda _: None) -> list[ServiceStatus]:
    """Stops what `up` started here, children included; the broker last. Other processes are left alone."""
    with _alone(settings):
        slots = [slot(settings, service.name) for service in catalogue(settings)]
        if any(one.process() for one in slots):
            announce("stopping every service")
        end([one for one in slots if one.name != "broker"])
        end([one for one in slots if one.name == "broker"])
    return status(settings)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One `up` or `down` of a home at a time."""
    with one_at_a_time(settings, "services", wait=True):
        yield


def _status(settings: Settings, service: Service) -> ServiceStatus:
    url = service.url or None
    if service.command is None:
        return ServiceStatus(service.name, url, "running" if service.answers() else "failed", None)
    place = slot(settings, service.name)
    process = place.process()
    if process is None:
        return ServiceStatus(service.name, url, "failed" if place.was_started else "stopped", None)
    return ServiceStatus(service.name, url, "running" if service.answers() else "failed", process.pid)


def _wait(settings: Settings, service: Service, log_start: int) -> None:
    place = slot(settings, service.name)
    deadline = time.monotonic() + service.patience
    while time.monotonic() < deadline:
        if place.process() is None:
            raise ServiceError(f"{service.name} ended while starting; its last words are in {place.log}")
        if service.answers() and _said_so(settings, service, log_start):
            return
        time.sleep(POLL_SECONDS)
    raise ServiceError(f"{service.name} did not answer within {service.patience:.0f} s; see {place.log}")


def _log_size(settings: Settings, service: Service) -> int:
    log = slot(settings, service.name).log
    return log.stat().st_size if log.exists() else 0


def _said_so(settings: Settings, service: Service, log_start: int) -> bool:
    if service.ready_line is None:
        return True
    with slot(settings, service.name).log.open("rb") as log:
        log.seek(log_start)
        return service.ready_line in log.read()
