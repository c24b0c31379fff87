"""One training run as a worker sees it: a child process that is started, watched, cancelled and, if it dies, resumed.

Training has a process of its own because a prefork worker may not use torch before the fork, and so that running out
of memory there leaves the worker standing.
"""

import os
import shutil
import subprocess
import sys
import time

from backend.jobs import runs
from backend.jobs.devices import free
from backend.jobs.gauge import Gauge
from backend.jobs.run_log import note, run_log
from backend.settings import Settings

BEAT_SECONDS = 2.0
QUIET_BEATS = 4
"""A run whose heartbeat stands still for this many beats has nobody any more."""
GRACE_SECONDS = 20.0
"""What a cancelled training gets to stop by itself."""
STOPPED = 75
"""Exit status of a training that was told to stop; its checkpoint is kept."""
BUSY = 76
"""Exit status of a training that found another on its device; the run is back in the queue and says so."""


def train(settings: Settings, run_id: str) -> None:
    """Carries the run to its end, over as many attempts as the settings allow; returns at once if another does."""
    if _in_other_hands(settings, run_id):
        return
    while (attempt := runs.claim(settings, run_id)) is not None:
        if not _attempt(settings, run_id, attempt):
            return
        _wait_for_device(settings, run_id)


def _wait_for_device(settings: Settings, run_id: str) -> None:
    while (devices := runs.waits_for(settings, run_id)) and not free(settings, devices):
        time.sleep(BEAT_SECONDS)


def _in_other_hands(settings: Settings, run_id: str) -> bool:
    """Whether another worker is at it, seen by its heartbeat; clocks are not compared."""
    first = runs.find(settings, run_id)
    in_hand = first.state == "running" or "waits_for" in (first.machine or {})
    for _ in range(QUIET_BEATS if in_hand else 0):
        time.sleep(BEAT_SECONDS)
        if runs.find(settings, run_id).heartbeat != first.heartbeat:
            return True
    return False


def _attempt(settings: Settings, run_id: str, attempt: int) -> bool:
    """Trains once; True where the child was killed or stopped by others, so that the run wants another attempt."""
    log = run_log(settings, run_id)
    note(settings, run_id, f"attempt {attempt} begins")
    command = [sys.executable, "-m", "backend.jobs.training_child", run_id, str(attempt), str(os.getpid())]
    with log.open("ab") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        orders = _watch(settings, run_id, attempt, child)
    except BaseException:
        # the worker is being stopped in good order: the run goes back, and the next worker resumes it
        _kill(child)
        runs.release(settings, run_id, attempt)
        note(settings, run_id, f"attempt {attempt} is put back: the worker is told to stop")
        raise
    if orders == "cancel":
        runs.stop(settings, run_id, attempt)
        # nothing goes on from the checkpoint of a run that has ended
        shutil.rmtree(settings.home / "runs" / run_id, ignore_errors=True)
    elif child.returncode > 0 and child.returncode not in (STOPPED, BUSY):
        runs.fail(settings, run_id, attempt, f"the training program ended unexpectedly; see logs/{log.name}")
    note(settings, run_id, f"attempt {attempt} {_end(orders, child.returncode)}")
    return orders == "carry on" and (child.returncode < 0 or child.returncode in (STOPPED, BUSY))


def _end(orders: runs.Orders, status: int) -> str:
    """How an attempt ended, in words."""
    if orders != "carry on":
        return {"cancel": "is cancelled", "leave": "is another worker's now"}[orders]
    if status < 0:
        return f"was killed by signal {-status}"
    known = {0: "has ended", STOPPED: "was stopped", BUSY: "waits: another training is on its device"}
    return known.get(status, f"ended unexpectedly with status {status}")


def _watch(settings: Settings, run_id: str, attempt: int, child: "subprocess.Popen[bytes]") -> runs.Orders:
    """Waits for the child's end, with a heartbeat that tells what it uses; passes on orders."""
    gauge = Gauge(child.pid)
    while True:
        try:
            child.wait(BEAT_SECONDS)
            return "carry on"
        except subprocess.TimeoutExpired:
            orders = runs.beat(settings, run_id, attempt, gauge.read())
        if orders == "cancel":
            _stop(child)
            return orders
        if orders == "leave":
            _kill(child)
            return orders


def _stop(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _kill(child)


def _kill(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
