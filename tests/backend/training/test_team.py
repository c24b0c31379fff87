"""Two processes that share a run on processors, as one per GPU would."""

import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from backend.training.team import ALONE
from tests.backend.training.team_member import RECIPE


def test_two_processes_learn_from_half_of_each_batch_and_hold_the_same_weights(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.backend.training.team_member"]
    members = [
        subprocess.Popen(
            [*words, str(rank), str(tmp_path / "meeting"), str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    said = [member.communicate(timeout=300)[0].split() for member in members]
    assert [member.returncode for member in members] == [0, 0]
    assert said == [["2"] * (RECIPE.steps + RECIPE.classifier_steps)] * 2
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_team_of_one_meets_nobody() -> None:
    network = torch.nn.Linear(2, 2)
    with ALONE.together():
        assert ALONE.joined(network) is network
        assert ALONE.mean(0.25) == 0.25
    assert ALONE.leads
