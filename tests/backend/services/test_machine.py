"""`up`, `down` and `status` with the real broker, and what stops `up` before anything is started."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections import namedtuple

import pytest
import redis

from backend.errors import ServiceError
from backend.services import checks
from backend.services.environment import service_environment
from backend.services.foreground import ending_services
from backend.services.machine import down, status, up
from backend.settings import load_settings

SERVE = """
import time
from backend.services.foreground import ending_services
from backend.services.machine import up
from backend.settings import load_settings
settings = load_settings()
with ending_services(settings):
    up(settings, only=["broker"])
    print("serving", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def machine(settings):
    yield settings
    down(settings)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _state(found, name):
    return next(one.state for one in found if one.name == name)


def test_nothing_runs_before_up(settings):
    assert {one.state for one in status(settings)} == {"stopped"}
    assert [one.name for one in status(settings)] == [
        *("broker", "worker", "worker_gpu", "scheduler", "ml_backend", "web", "label_studio")
    ]


@pytest.mark.services
def test_up_starts_once_and_down_stops(machine):
    first = up(machine, only=["broker"])
    again = up(machine, only=["broker"])
    assert _state(first, "broker") == "running"
    assert [one.pid for one in first] == [one.pid for one in again]
    assert {one.state for one in down(machine)} == {"stopped"}


@pytest.mark.services
def test_the_broker_keeps_its_jobs_over_a_stop(machine):
    up(machine, only=["broker"])
    with redis.Redis(unix_socket_path=str(machine.broker_socket)) as client:
        client.lpush("default", "job")
    down(machine)
    up(machine, only=["broker"])
    with redis.Redis(unix_socket_path=str(machine.broker_socket)) as client:
        assert client.lrange("default", 0, -1) == [b"job"]


@pytest.mark.services
def test_a_service_whose_process_died_has_failed_and_up_mends_it(machine):
    pid = next(one.pid for one in up(machine, only=["broker"]) if one.name == "broker")
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert _state(status(machine), "broker") == "failed"
    assert _state(up(machine, only=["broker"]), "broker") == "running"


@pytest.mark.services
def test_a_home_with_a_long_path_gets_a_private_socket_folder(tmp_path):
    chosen = load_settings(home=tmp_path / ("long" * 30))
    try:
        assert _state(up(chosen, only=["broker"]), "broker") == "running"
        folder = chosen.broker_socket.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        down(chosen)
        shutil.rmtree(chosen.broker_socket.parent, ignore_errors=True)


def test_a_taken_port_is_named_with_its_setting_and_its_holder(settings, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = load_settings(home=settings.home, web_port=port)
        with pytest.raises(
            ServiceError, match=rf"port {port} for web is taken by .*{os.getpid()}.*SCINTILOOP_WEB_PORT"
        ):
            up(chosen, only=["broker", "web"])
        assert _state(status(chosen), "broker") == "stopped"


def test_two_services_on_one_port_are_refused(settings):
    chosen = load_settings(home=settings.home, web_port=18999, ml_backend_port=18999)
    with pytest.raises(ServiceError, match="share port 18999"):
        up(chosen, only=["web", "ml_backend"])


def test_a_full_disk_is_one_sentence(settings, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 5_000_000))
    with pytest.raises(ServiceError, match="only 5 MB are free"):
        up(settings, only=["broker"])


def test_a_missing_label_studio_is_one_sentence(settings):
    chosen = load_settings(
        home=settings.home, label_studio_python=settings.home / "nowhere", label_studio_port=_free_port()
    )
    with pytest.raises(ServiceError, match="SCINTILOOP_LABEL_STUDIO_PYTHON"):
        up(chosen, only=["broker", "label_studio"])
    assert _state(status(chosen), "broker") == "stopped"


def test_services_that_others_run_are_only_looked_at(settings):
    chosen = load_settings(home=settings.home, broker_url="redis://:secret@127.0.0.1:1/0")
    shown = status(chosen)[0]
    assert (shown.url, shown.state, shown.pid) == ("127.0.0.1:1/0", "failed", None)


@pytest.mark.services
def test_a_block_whose_start_fails_leaves_nothing_running(settings):
    python = settings.home / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o700)
    chosen = load_settings(home=settings.home, label_studio_python=python, label_studio_port=_free_port())
    with pytest.raises(ServiceError, match="label_studio ended"), ending_services(chosen):
        up(chosen, only=["broker", "label_studio"])
    assert {one.state for one in status(chosen)} == {"stopped"}


@pytest.mark.services
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_command_that_serves_takes_its_services_along_when_it_is_stopped(machine, number):
    command = subprocess.Popen(
        [sys.executable, "-c", SERVE], env=service_environment(machine), stdout=subprocess.PIPE, text=True
    )
    assert command.stdout
    assert command.stdout.readline() == "serving\n"
    assert _state(status(machine), "broker") == "running"
    command.send_signal(number)
    assert command.wait(timeout=60) != 0
    command.stdout.close()
    assert {one.state for one in status(machine)} == {"stopped"}
