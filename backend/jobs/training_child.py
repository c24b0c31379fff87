"""The program in which a run trains: `python -m backend.jobs.training_child RUN ATTEMPT PARENT`, started by `watch`."""

import os
import signal
import sys
import threading

from backend.errors import Cancelled, ScintiloopError
from backend.jobs import runs
from backend.jobs.devices import devices_here, held
from backend.jobs.lifeline import die_with
from backend.jobs.run_log import note, note_error
from backend.jobs.steps.retrain import run_training
from backend.jobs.watch import BUSY, STOPPED
from backend.settings import load_settings

NICENESS = 5
"""Readers' pages and pre-annotation go first where they share the processor with training."""


def main(run_id: str, attempt: int, parent: int) -> None:
    die_with(parent)
    os.nice(NICENESS)
    cancelled = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: cancelled.set())
    settings = load_settings()
    try:
        devices = devices_here()
        with held(settings, devices) as mine:
            if not mine:
                runs.wait_for(settings, run_id, attempt, devices)
                sys.exit(BUSY)
            note(settings, run_id, f"training on {', '.join(devices)}")
            run_training(settings, run_id, attempt, cancelled.is_set)
    except Cancelled:
        sys.exit(STOPPED)
    except ScintiloopError as error:
        runs.fail(settings, run_id, attempt, str(error))
    except Exception as error:  # noqa: BLE001 (its words may hold anything, a patient's name too)
        note_error(settings, run_id, error)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
