"""A checkpoint is whole and this run's own, or it is none."""

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from backend.training.checkpoint import FILE_NAME, MAGIC, Checkpoint, drop_damaged, load_checkpoint, save_checkpoint


class Trap:
    """A pickle that leaves a mark when it is run."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state = {"segmentation": {"weight": torch.arange(5000.0)}}
    save_checkpoint(tmp_path, "this run", Checkpoint(1, 20, state, {"lr": 0.5}))
    return tmp_path


def test_it_comes_back_as_it_was_and_only_for_the_run_that_wrote_it(folder: Path) -> None:
    found = load_checkpoint(folder, "this run")
    assert found is not None
    assert (found.phase, found.step, found.optimiser) == (1, 20, {"lr": 0.5})
    assert torch.equal(found.networks["segmentation"]["weight"], torch.arange(5000.0))
    assert load_checkpoint(folder, "another run") is None
    assert load_checkpoint(folder / "empty", "this run") is None
    assert not drop_damaged(folder)
    assert not drop_damaged(folder / "empty")


def _bit_turned(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda content: content[:-1],
    "a bit turned in the middle": _bit_turned,
    "a bit turned in the digest": lambda content: content[:30] + bytes([content[30] ^ 1]) + content[31:],
    "something appended": lambda content: content + b"\0",
    "written before there were digests": lambda content: content[content.index(b"PK\x03\x04") :],
    "zeros": lambda content: bytes(len(content)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_one_is_none_and_goes(folder: Path, damage: str) -> None:
    path = folder / FILE_NAME
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert load_checkpoint(folder, "this run") is None
    assert drop_damaged(folder)
    assert not path.exists()


@pytest.mark.parametrize("sealed", [False, True], ids=["as it is", "with a right digest"])
def test_a_pickle_in_its_place_is_never_run(tmp_path: Path, sealed: bool) -> None:
    mark = tmp_path / "was run"
    content = pickle.dumps(Trap(mark))
    head = MAGIC + hashlib.sha256(content).hexdigest().encode() if sealed else b""
    (tmp_path / FILE_NAME).write_bytes(head + content)
    assert load_checkpoint(tmp_path, "this run") is None
    assert drop_damaged(tmp_path)
    assert not mark.exists()
