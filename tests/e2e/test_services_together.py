"""Every service at once on one machine: all answer, idle memory stays small, a second `up` reuses everything."""

import sys

import psutil
import pytest

from backend.services.machine import status, up

pytestmark = pytest.mark.services

NAMES = ("broker", "worker", "worker_gpu", "scheduler", "ml_backend", "web", "label_studio")
IDLE_BYTES = 3e9
WITHOUT_TORCH = ("worker", "worker_gpu", "scheduler", "web")


@pytest.fixture(scope="module")
def together(reading_room, room_settings):
    return up(room_settings)


def _family(pid):
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]


def test_every_service_runs_and_answers(together):
    assert [(one.name, one.state) for one in together] == [(name, "running") for name in NAMES]


def test_starting_again_starts_nothing(together, room_settings):
    assert [one.pid for one in up(room_settings)] == [one.pid for one in together]
    assert status(room_settings) == together


@pytest.mark.skipif(sys.platform != "linux", reason="shared memory is told apart on Linux only")
def test_all_together_stay_below_three_gigabytes_while_idle(together):
    used = sum(process.memory_full_info().pss for one in together for process in _family(one.pid))
    assert used < IDLE_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="libraries of other processes are listed on Linux only")
@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_torch_waits_until_it_is_needed(together, name):
    pid = next(one.pid for one in together if one.name == name)
    head = psutil.Process(pid)
    assert not any("libtorch" in library.path for library in head.memory_maps())


@pytest.mark.skipif(sys.platform != "linux", reason="command lines of other processes are listed on Linux only")
def test_no_secret_stands_on_a_command_line(together, room_settings):
    secrets = [file.read_text().strip() for file in room_settings.secrets.iterdir() if file.suffix != ".json"]
    lines = [" ".join(process.cmdline()) for one in together for process in _family(one.pid)]
    assert secrets
    assert not [line for line in lines for value in secrets if value in line]
