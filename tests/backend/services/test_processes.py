"""A service's process is started apart, recognised later, and ended with its children; strangers are left alone."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest

from backend.services import processes
from backend.services.processes import Slot, end

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
FORK = f"import subprocess, time; subprocess.Popen({list(SLEEPER)}); time.sleep(60)"
PARENT = (sys.executable, "-c", FORK)


@pytest.fixture
def slot(tmp_path):
    place = Slot("sleeper", tmp_path)
    yield place
    end([place])


def _soon(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_what_was_started_is_found_again_by_another_reader_of_the_pid_file(slot, tmp_path):
    started = slot.start(SLEEPER, os.environ)
    found = Slot("sleeper", tmp_path).process()
    assert found is not None
    assert found.pid == started.pid


def test_output_goes_to_the_log(slot):
    slot.start((sys.executable, "-c", "print('ready')"), os.environ)
    assert _soon(lambda: "ready" in slot.log.read_text())


def test_ending_takes_the_children_along(slot):
    head = slot.start(PARENT, os.environ)
    assert _soon(lambda: len(head.children()) == 1)
    child = head.children()[0]
    end([slot])
    assert not head.is_running()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert not slot.was_started


def test_a_process_that_got_the_number_since_is_a_stranger(slot):
    stranger = psutil.Popen(SLEEPER)
    slot.pid_file.parent.mkdir(parents=True)
    slot.pid_file.write_text(json.dumps({"pid": stranger.pid, "born": stranger.create_time() - 3600}))
    assert slot.process() is None
    end([slot])
    assert stranger.is_running()
    stranger.kill()
    stranger.wait()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": -1, "born": 0}'], ids=repr)
def test_a_broken_pid_file_means_not_running(slot, content):
    slot.pid_file.parent.mkdir(parents=True)
    slot.pid_file.write_text(content)
    assert slot.process() is None


def test_a_process_that_has_died_is_not_running_and_was_started(slot):
    head = slot.start(SLEEPER, os.environ)
    head.kill()
    assert _soon(lambda: slot.process() is None)
    assert slot.was_started


def test_an_ended_process_that_its_parent_never_buries_is_not_waited_for(slot, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 3600)
    careless = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", careless, *SLEEPER], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        slot.pid_file.parent.mkdir(parents=True)
        slot.pid_file.write_text(json.dumps({"pid": child.pid, "born": child.create_time()}))
        end([slot])
        assert child.status() == psutil.STATUS_ZOMBIE
        parent.kill()
