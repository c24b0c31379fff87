"""The other processes of a run that several GPUs, or several processors, share: started and ended with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from backend.settings import Settings
from backend.training.team import ALONE, Team


@contextmanager
def team_of(settings: Settings, run_id: str, folder: Path) -> Iterator[Team]:
    """The team that this process leads for the length of the block: one member per GPU unless a setting says more.

    Args:
        folder: of the run, where the members meet.
    """
    size = settings.train_processes or max(1, torch.cuda.device_count())
    if size == 1:
        yield ALONE
        return
    folder.mkdir(parents=True, exist_ok=True)
    meeting = folder / f"meeting-{os.getpid()}"
    meeting.unlink(missing_ok=True)
    peers = [_start(run_id, rank, size, meeting) for rank in range(1, size)]
    try:
        yield Team(0, size, meeting)
    finally:
        for peer in peers:
            peer.kill()
            peer.wait()
        meeting.unlink(missing_ok=True)


def _start(run_id: str, rank: int, size: int, meeting: Path) -> "subprocess.Popen[bytes]":
    words = (run_id, rank, size, meeting, os.getpid())
    command = [sys.executable, "-m", "backend.jobs.training_peer", *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)
