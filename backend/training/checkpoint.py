"""Where a run stands on disk, so that a killed one goes on as if nothing had happened.

Every step draws its randomness from its own number, so weights, optimiser state and the step are all there is to keep.
Files hold tensors and plain values only and are read as such; no pickle is ever run.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

FILE_NAME = "checkpoint.pt"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """`step` steps of phase number `phase` are done; `networks` holds every network's state by name."""

    phase: int
    step: int
    networks: dict[str, dict[str, torch.Tensor]]
    optimiser: dict[str, Any]


def save_checkpoint(folder: Path, identity: str, checkpoint: Checkpoint) -> None:
    """Replaces the folder's checkpoint in one step; `identity` names recipe, data and start."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{FILE_NAME}.{os.getpid()}"
    with partial.open("wb") as file:
        torch.save({"identity": identity} | vars(checkpoint), file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / FILE_NAME)


def load_checkpoint(folder: Path, identity: str) -> Checkpoint | None:
    """The folder's checkpoint, or None where there is none that this very run could have written."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    content = torch.load(path, map_location="cpu", weights_only=True)
    if content.pop("identity") != identity:
        return None
    return Checkpoint(**content)
