"""`scripts/run-tests` in a copy of its own, with a program in pytest's place that says what it was asked."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "run-tests"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("scripts", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "scripts")
    return tmp_path


def run(checkout: Path, body: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = checkout / ".venv" / "bin" / "pytest"
    program.write_text(f"#!/bin/sh\necho asked: $*\n{body}\n")
    program.chmod(0o755)
    return subprocess.run([checkout / "scripts" / "run-tests", *arguments], capture_output=True, text=True, check=False)


def test_every_test_is_in_exactly_one_half(checkout: Path) -> None:
    done = run(checkout, "exit 0")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "asked: --ignore=tests/e2e --ignore=tests/ml_backend",
        "asked: tests/e2e tests/ml_backend",
    ]


@pytest.mark.parametrize("failing", ["tests/e2e*", "--ignore*"], ids=["the browser's", "the rest"])
def test_one_half_that_fails_fails_all_and_both_are_told(checkout: Path, failing: str) -> None:
    done = run(checkout, f'case "$*" in {failing}) exit 1 ;; esac')
    assert done.returncode != 0
    assert len(done.stdout.splitlines()) == 2


def test_with_arguments_one_pytest_runs_with_them(checkout: Path) -> None:
    done = run(checkout, "exit 3", "-k", "gate")
    assert (done.returncode, done.stdout) == (3, "asked: -k gate\n")
