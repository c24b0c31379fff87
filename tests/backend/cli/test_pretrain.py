from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.model.inference import Predictor
from backend.model.weights import read_model
from backend.phantom.domains import domain_digest
from converters.grid import GRID_SHAPE

TINY = ("--encoder", "resnet18", "--studies", "4", "--seed", "3", "--steps", "2", "--processes", "1")


def test_the_command_gives_a_model_that_can_be_loaded_and_says_where_it_began(shell: Any, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    said = shell.json("pretrain", *TINY, "--out", out)
    model = read_model(out)
    assert said["file"] == str(out)
    assert said["bytes"] == out.stat().st_size
    assert said["card"] == model.card
    lineage = model.card["lineage"]
    assert (lineage["start"], lineage["studies"], lineage["seed"]) == ("pretrain", 4, 3)
    assert lineage["domain"] == domain_digest()
    assert model.card["trained_on"]["patients"] == 3
    seen = Predictor.load(model.weights, model.card, "day one").predict({"low": np.full(GRID_SHAPE, 255, np.uint8)})
    assert seen.masks.metastasis.shape == GRID_SHAPE
    again = out.read_bytes()
    assert shell.json("pretrain", *TINY, "--out", out)["bytes"] == len(again)
    assert out.read_bytes() == again


@pytest.mark.parametrize(
    ("words", "status", "fragment"),
    [
        ("--encoder nope", 1, "encoder 'nope' is unknown"),
        ("--studies 1", 2, "1 is not in the range x>=2"),
        ("--seed -1", 2, "-1 is not in the range x>=0"),
        ("--steps 0", 2, "0 is not in the range x>=1"),
        ("--out {folder}/nowhere/model.safetensors", 1, "its folder does not exist; make it first"),
        ("--out {folder}", 1, "is a folder; name the file to write"),
        ("--cache {folder}", 1, "holds files but no studies"),
    ],
)
def test_bad_words_are_refused_before_any_study_is_made(
    words: str, status: int, fragment: str, shell: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "note.txt").write_text("mine")
    result = shell.run("pretrain", *words.format(folder=folder).split())
    assert result.exit_code == status
    assert fragment in result.output + result.stderr
    assert [path.name for path in folder.iterdir()] == ["note.txt"]
    assert not (shell.home / "pretrain").exists()
