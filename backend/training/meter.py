"""What a run costs while it runs: seconds per step, the share that drawing crops takes, peak memory."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

MIB = 1024 * 1024
STATUS = Path("/proc/self/status")


class Meter:
    """Measures one phase, from its making on."""

    def __init__(self, device: torch.device) -> None:
        self._gpu = device if device.type == "cuda" else None
        self.device = torch.cuda.get_device_name(device) if self._gpu else "cpu"
        self._began, self._drawing, self._steps = time.monotonic(), 0.0, 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._drawing += time.monotonic() - began

    def step_done(self) -> None:
        self._steps += 1

    @property
    def seconds_per_step(self) -> float:
        return (time.monotonic() - self._began) / max(self._steps, 1)

    @property
    def data_share(self) -> float:
        return self._drawing / max(time.monotonic() - self._began, 1e-9)

    @property
    def memory_mb(self) -> float:
        """Peak of the GPU's memory, else of this process."""
        return torch.cuda.max_memory_allocated(self._gpu) / MIB if self._gpu else peak_of_this_process()


def peak_of_this_process() -> float:
    """Peak resident memory in MiB. On Linux not `ru_maxrss`, which begins with what the parent held at the fork."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MIB if sys.platform == "darwin" else 1024)
