"""`scintiloop agreement`, as a person reads it and as a program does."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from backend.cli.agreement import agreement
from backend.settings import Settings


@pytest.fixture
def tell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("backend.cli.agreement.open_home", lambda: settings)

    def run(*words: str) -> str:
        ended = CliRunner().invoke(agreement, words, catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    return run


@pytest.fixture
def read(add_study: Any, add_reader: Any, add_reading: Any, box: Any) -> None:
    """Two studies, each read assisted and blind; the second differs."""
    readers = [add_reader("reader 1", 1), add_reader("reader 2", 2)]
    for token, column in (("s1", 100), ("s2", 140)):
        image = add_study(token)["anterior"]
        add_reading(readers[0], image, box(100, 100, 9, 9), exposure="assisted")
        add_reading(readers[1], image, box(100, column, 9, 9))


def test_people_are_told_what_waits_and_how_readers_agree(tell: Any, read: None) -> None:
    said = tell()
    assert "the lesion Dice is 0.00, below 0.7" in said
    assert "between readers" in said
    assert "Readers against the reference" in said
    assert "Assisted" not in said


def test_exposure_adds_the_comparison(tell: Any, read: None) -> None:
    said = tell("--exposure")
    assert "Assisted and blind, within the same studies" in said
    assert "lesions missed" in said


def test_programs_get_every_figure_as_json(tell: Any, read: None) -> None:
    found = json.loads(tell("--exposure", "--processes", "1", "--json"))
    assert set(found) == {"rules", "projections", "pairs", "studies", "project", "by_exposure", "exposure"}
    assert found["project"]["between_readers"]["n"] == {"patients": 2, "projections": 2}
    assert found["exposure"]["within_cases"]["n"] == {"patients": 2, "studies": 2}


def test_an_empty_home_has_nothing_to_compare(tell: Any) -> None:
    assert json.loads(tell("--json"))["pairs"] == []
    assert tell() == ""
