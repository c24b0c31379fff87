"""The model that comes with Scintiloop is read from one folder, and what cannot be used there is said by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import InputError
from backend.model import day_one
from backend.model.networks import CPU_ENCODER, GPU_ENCODER
from backend.model.weights import read_model

PACKAGED = Path(day_one.__file__).parent / "day_one"


def test_no_model_need_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_one, "FOLDER", tmp_path / "nowhere")
    assert day_one.day_one_model() is None
    assert day_one.day_one_names() == ()
    assert day_one.day_one_digests() == frozenset()


def test_it_is_that_of_machines_without_a_gpu(comes_along: Path) -> None:
    found = day_one.day_one_model()
    assert found is not None
    assert found.weights == comes_along.read_bytes()
    assert found.card["architecture"]["encoder"] == CPU_ENCODER
    assert day_one.day_one_names() == (CPU_ENCODER,)
    assert day_one.day_one_model(GPU_ENCODER) is None


def _torn(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _no_model(_: bytes) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\n"


def _another_encoder(whole: bytes) -> bytes:
    """The card says so; the tensors are the old ones."""
    return whole.replace(CPU_ENCODER.encode(), b"resnet18".ljust(len(CPU_ENCODER)))


@pytest.mark.parametrize("harm", [_torn, _no_model, _another_encoder])
def test_a_damaged_file_is_named(harm: Callable[[bytes], bytes], comes_along: Path) -> None:
    comes_along.write_bytes(harm(comes_along.read_bytes()))
    with pytest.raises(InputError, match=rf"{CPU_ENCODER}\.safetensors: is damaged.*install Scintiloop again"):
        day_one.day_one_model()


def test_the_one_that_is_packaged_says_that_it_saw_simulated_scans_alone() -> None:
    files = sorted(PACKAGED.glob("*.safetensors"))
    if not files:
        pytest.skip("the packaged model, which is trained on a GPU, is not in this checkout")
    assert day_one.day_one_model() is not None
    assert [file.stem for file in files] == [CPU_ENCODER]
    assert sum(file.stat().st_size for file in files) <= 30e6
    for file in files:
        assert read_model(file).card["lineage"]["start"] == "pretrain"
