"""Waits for a run and tells how far it is."""

import time
from collections.abc import Callable
from typing import Any

from backend.jobs import runs
from backend.settings import Settings

LOOK_SECONDS = 0.5


def follow(settings: Settings, run_id: str, advance: Callable[[int, int], None]) -> dict[str, Any]:
    """Blocks until the run has ended; returns it as `runs.show` does.

    Args:
        advance: called with (step, of all steps) as the run goes on.

    Raises:
        NotFound: no such run.
    """
    while True:
        run = runs.show(runs.find(settings, run_id))
        progress = run["progress"] or {}
        if "step" in progress:
            advance(progress["step"], progress["steps"])
        if run["state"] in runs.ENDED:
            return run
        time.sleep(LOOK_SECONDS)
