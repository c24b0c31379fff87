"""Where a run stands on disk, so that a killed one goes on as if nothing had happened.

Every step draws its randomness from its own number, so weights, optimiser state and the step are all there is to keep.
Files hold tensors and plain values only and are read as such; no pickle is ever run. A file begins with the SHA-256 of
what follows: a damaged one is known for what it is, and the run begins anew, which costs time and changes no weight.
"""

import hashlib
import io
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

FILE_NAME = "checkpoint.pt"
MAGIC = b"scintiloop checkpoint 1\n"
DIGEST_LENGTH = 64


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
    content = io.BytesIO()
    torch.save({"identity": identity} | vars(checkpoint), content)
    partial = folder / f"{FILE_NAME}.{os.getpid()}"
    with partial.open("wb") as file:
        file.write(MAGIC + hashlib.sha256(content.getbuffer()).hexdigest().encode())
        file.write(content.getbuffer())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / FILE_NAME)


def load_checkpoint(folder: Path, identity: str) -> Checkpoint | None:
    """The folder's checkpoint, or None where there is none that this very run could have written, and whole."""
    content = _read(folder)
    if not content or content.pop("identity", None) != identity:
        return None
    return Checkpoint(**content)


def drop_damaged(folder: Path) -> bool:
    """Removes a checkpoint that is not what was written; whether there was one."""
    path = folder / FILE_NAME
    if not path.exists() or _read(folder) is not None:
        return False
    path.unlink()
    return True


def _read(folder: Path) -> dict[str, Any] | None:
    """What the file holds; None where there is no file, or not a whole one of ours."""
    path = folder / FILE_NAME
    whole = path.read_bytes() if path.exists() else b""
    start = len(MAGIC) + DIGEST_LENGTH
    digest, content = whole[len(MAGIC) : start], memoryview(whole)[start:]
    if not whole.startswith(MAGIC) or hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    try:
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return None
    return found if isinstance(found, dict) else None
