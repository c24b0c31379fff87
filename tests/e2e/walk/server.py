"""A second Label Studio beside the room's: the same settings and a copy of its database, but no guard."""

import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests

from backend.labelstudio.accounts import data_folder
from backend.services.environment import label_studio_environment, label_studio_python
from backend.settings import Settings

DATABASE = "label_studio.sqlite3"
PATIENCE = 120.0


def unguarded_environment(settings: Settings, data: Path, port: int) -> dict[str, str]:
    environment = label_studio_environment(settings)
    return environment | {
        "DJANGO_SETTINGS_MODULE": "unguarded",
        "PYTHONPATH": f"{environment['PYTHONPATH']}:{Path(__file__).parent}",
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_HOST": f"http://127.0.0.1:{port}",
        # its storages of Amazon's kind shall not wait for a network
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def copy_database(settings: Settings, data: Path) -> None:
    """As it stands at this moment, whoever is writing."""
    source = data_folder(settings) / DATABASE
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(data / DATABASE)) as here:
        there.backup(here)


@contextmanager
def unguarded_server(settings: Settings, data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Address and environment of the server, which ends with the block."""
    copy_database(settings, data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = unguarded_environment(settings, data, port)
    command = [str(label_studio_python(settings)), "-m", "label_studio.server", "start", "--no-browser"]
    with (data / "server.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--internal-host", "127.0.0.1", "--port", str(port)],
            env=environment,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}", environment
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, "the unguarded Label Studio ended while starting"
        try:
            requests.get(url, timeout=2)
        except requests.RequestException:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the unguarded Label Studio did not answer within {PATIENCE:.0f} s")
