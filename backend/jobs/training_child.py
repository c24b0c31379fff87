"""The program in which a run trains: `python -m backend.jobs.training_child RUN ATTEMPT PARENT`, started by `watch`."""

import os
import signal
import sys
import threading

from backend.errors import Cancelled, ScintiloopError
from backend.jobs import runs
from backend.jobs.lifeline import die_with
from backend.jobs.steps.retrain import run_training
from backend.jobs.watch import STOPPED
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
        run_training(settings, run_id, attempt, cancelled.is_set)
    except Cancelled:
        sys.exit(STOPPED)
    except ScintiloopError as error:
        runs.fail(settings, run_id, attempt, str(error))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
