"""Every command says what it does and how to call it."""

from collections.abc import Iterator
from typing import Any

import click
import pytest

from backend.cli import main


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    """Every command line below a group, without arguments."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)


@pytest.mark.parametrize("words", [(), *commands(main)], ids=" ".join)
def test_help_ends_well_and_shows_an_example(words: tuple[str, ...], shell: Any, capfd: Any) -> None:
    result = shell.run(*words, "--help")
    assert result.exit_code == 0
    assert "xample: scintiloop" in " ".join((result.stdout + capfd.readouterr().out).split())
    assert not shell.home.exists()


@pytest.mark.parametrize(
    "words",
    ["bogus", "ingest", "predict", "readings import", "readings import x", "dataset", "convert x", "phantom x",
     "phantom x --studies 0 --seed 1", "predict x --to rubbish y", "runs bogus", "retrain --steps 0"],
)  # fmt: skip
def test_wrong_usage_ends_with_status_2(words: str, shell: Any) -> None:
    result = shell.run(*words.split())
    assert result.exit_code == 2
    assert not result.stdout
    assert not shell.home.exists()
