"""Processes that share the steps of one run, by torch's distributed data-parallel: one per GPU, or several processors.

Every process draws the same batch and learns from its part of it; the gradients are averaged, so that all hold the same
weights after every step. Batch statistics are each process's own, and those of the first one are kept.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from backend.training.sampling import Batch

PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others: a look at validation cases, or a step in smaller parts, takes its time."""


@dataclass(frozen=True)
class Team:
    """One member of a team; a team of one needs no meeting.

    Args:
        rank: 0 leads: it alone looks, reports and saves.
        meeting: a file, absent at first, by which the members find each other.
    """

    rank: int = 0
    size: int = 1
    meeting: Path | None = None

    @property
    def leads(self) -> bool:
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """The member's GPU, or the processors."""
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", self.rank % torch.cuda.device_count())

    @contextmanager
    def together(self) -> Iterator[None]:
        """While the members train."""
        if self.size == 1:
            yield
            return
        backend = "nccl" if self.device.type == "cuda" else "gloo"
        distributed.init_process_group(
            backend, init_method=f"file://{self.meeting}", rank=self.rank, world_size=self.size, timeout=PATIENCE
        )
        try:
            yield
        finally:
            distributed.destroy_process_group()

    def share(self, batch: Batch) -> Batch:
        """This member's crops of the team's batch."""
        return batch if self.size == 1 else batch.part(slice(self.rank, None, self.size))

    def joined(self, network: nn.Module) -> nn.Module:
        """The network whose gradients are the team's."""
        if self.size == 1:
            return network
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices, forward_sync_buffers=False)

    def apart(self, network: nn.Module) -> AbstractContextManager[None]:
        """Gradients of a part that is not the last: they are summed here, and averaged with the others' at the last."""
        return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()

    def mean(self, value: float) -> float:
        """Over the members: not a number anywhere is not a number everywhere."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], device=self.device)
        distributed.all_reduce(shared)
        return float(shared) / self.size


ALONE = Team()
