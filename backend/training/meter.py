"""What a run costs while it runs: seconds per step, the share that drawing crops takes, peak memory."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

MIB = 1024 * 1024


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
        if self._gpu:
            return torch.cuda.max_memory_allocated(self._gpu) / MIB
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (MIB if sys.platform == "darwin" else 1024)
