"""The first command in a folder finds a model at hand."""

from pathlib import Path
from typing import Any

import pytest

from backend.jobs.steps.home import REASON


@pytest.fixture
def new(shell: Any, comes_along: Path) -> Any:
    """A terminal in which nobody has said anything about a home's first model."""
    del shell.environment["SCINTILOOP_DAY_ONE"]
    return shell


def test_scans_are_predicted_where_there_was_no_home(new: Any, tmp_path: Path) -> None:
    new.json("phantom", tmp_path / "scans", "--studies", "1", "--seed", "5", "--preset", "demo")
    assert not new.home.exists()
    result = new.run("predict", tmp_path / "scans" / "dicom", "--json")
    assert result.exit_code == 0, result.output
    [model] = new.json("models")["models"]
    assert (model["champion"], model["simulated"], model["start"]) == (True, True, "pretrain")
    assert f"model {model['model']} serves: {REASON}" in result.stderr
    document = new.json("predict", tmp_path / "scans" / "dicom")
    assert document["model"] == model["model"]
    assert {one["projection"] for one in document["results"]} == {"anterior", "posterior"}


def test_the_table_of_models_says_where_it_comes_from(new: Any) -> None:
    printed = new.run("models").stdout
    assert "simulated scans alone" in printed
    assert REASON in printed


def test_a_damaged_one_is_a_sentence_and_the_command_does_its_work(new: Any, comes_along: Path) -> None:
    comes_along.write_bytes(b"torn")
    result = new.run("models", "--json")
    assert (result.exit_code, '"models": []' in result.stdout) == (0, True)
    assert result.stderr.strip() == (
        f"the model that comes with Scintiloop is left out: {comes_along.name}: "
        "is damaged, no model can be made from it; install Scintiloop again"
    )
    assert "no model serves" in new.json("predict", comes_along.parent, status=1)["error"]


def test_a_home_that_is_told_so_begins_without(shell: Any, comes_along: Path) -> None:
    assert shell.json("models")["models"] == []
