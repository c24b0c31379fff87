"""A run shared by two processes on processors, led by the very program that a worker starts."""

import os
import subprocess
import sys

import pytest

from backend.jobs import runs
from backend.jobs.steps import start
from backend.settings import Settings

pytestmark = pytest.mark.services


def test_a_run_that_two_processes_share_ends_like_any_other_and_leaves_none_behind(
    trainable: Settings, broker_settings: Settings
) -> None:
    shared = broker_settings.model_copy(update={"train_steps": 2, "train_processes": 2})
    run_id = start.start_training(shared, "engineer", encoder="resnet18")
    attempt = runs.claim(shared, run_id) or 0
    chosen = shared.model_dump(exclude_none=True, exclude_defaults=True)
    environment = os.environ | {f"SCINTILOOP_{name.upper()}": str(value) for name, value in chosen.items()}
    command = [sys.executable, "-m", "backend.jobs.training_child", run_id, str(attempt), str(os.getpid())]
    subprocess.run(command, env=environment | {"OMP_NUM_THREADS": "1"}, check=True, timeout=300)
    run = runs.show(runs.find(shared, run_id))
    assert (run["state"], bool(run["model"])) == ("done", True)
    assert not (shared.home / "runs" / run_id).exists()
    listed = subprocess.run(["pgrep", "-f", f"training_peer {run_id}"], capture_output=True, text=True, check=False)
    assert listed.stdout == ""
