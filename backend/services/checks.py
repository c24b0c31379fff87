"""What must be so before anything is started, each failure one sentence that says what to do."""

import shutil
import socket
from collections.abc import Sequence
from contextlib import suppress

import psutil

from backend.errors import ServiceError
from backend.services.catalogue import Service
from backend.settings import Settings

FREE_BYTES_NEEDED = 1_000_000_000


def check_disk(settings: Settings) -> None:
    """Raises: ServiceError: less than a gigabyte is free where the home is."""
    home = settings.home.absolute()
    free = shutil.disk_usage(next(place for place in (home, *home.parents) if place.exists())).free
    if free < FREE_BYTES_NEEDED:
        raise ServiceError(
            f"only {free / 1e6:.0f} MB are free at {home} and 1000 MB are needed; "
            "make room or set SCINTILOOP_HOME to another disk"
        )


def check_ports(settings: Settings, services: Sequence[Service]) -> None:
    """Raises: ServiceError: a port is taken, or two services share one."""
    seen: dict[int, str] = {}
    for service in services:
        if service.port is None:
            continue
        setting = f"SCINTILOOP_{service.name.upper()}_PORT"
        if other := seen.get(service.port):
            raise ServiceError(f"{other} and {service.name} share port {service.port}; set {setting} to another")
        seen[service.port] = service.name
        if problem := _why_unusable(settings.bind, service.port):
            raise ServiceError(f"port {service.port} for {service.name} {problem}; set {setting} to a free one")


def _why_unusable(host: str, port: int) -> str | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            return "may not be used by this account"
        except OSError as error:
            holder = _holder(port)
            return f"is taken by {holder}" if holder else f"cannot be used on {host} ({error.strerror})"
    return None


def _holder(port: int) -> str | None:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("inet"):
            mine = connection.laddr and connection.laddr.port == port
            if mine and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return None
