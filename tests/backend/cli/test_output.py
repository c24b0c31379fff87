"""What the command prints: tables that are whole on a narrow terminal, figures with their intervals, where a run is."""

import re

import pytest

from backend.cli.learning import print_run
from backend.cli.output import difference, figure, table

ADDRESS = "administrator@scintiloop.local"
PASSWORD = "Kq3vbnR8ZtLw2HsX"


def _printed(capsys, *columns):
    table("Log-ins", columns, [(ADDRESS, PASSWORD, None)])
    return capsys.readouterr().out


@pytest.fixture
def columns(monkeypatch):
    """Pretends a terminal of so many columns."""

    def narrow(count):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(count))

    return narrow


def test_a_row_that_another_program_reads_is_one_line(capsys, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "20")
    [row] = [line for line in _printed(capsys, "e-mail", "password", "note").splitlines() if ADDRESS in line]
    assert row.split() == [ADDRESS, PASSWORD, "–"]


def test_a_terminal_too_narrow_breaks_a_cell_and_drops_nothing(capsys, columns):
    columns(40)
    _, head, _, *lines = re.sub(r"\x1b\[[0-9;]*m", "", _printed(capsys, "e-mail", "password", "note")).splitlines()
    start, end = head.index("password"), head.index("note")
    cells = ["".join(line[part].strip() for line in lines) for part in (slice(start), slice(start, end))]
    assert cells == [ADDRESS, PASSWORD]


def test_log_ins_fit_a_terminal_of_eighty_columns(capsys, columns):
    columns(80)
    table("Log-ins", ("where", "role", "e-mail", "password"), [("label_studio", "administrator", ADDRESS, PASSWORD)])
    assert any(ADDRESS in line and PASSWORD in line for line in capsys.readouterr().out.splitlines())


def test_an_empty_table_is_nothing(capsys):
    table("Runs", ("run",), [])
    assert capsys.readouterr().out == ""


def test_figures_carry_their_interval_and_differences_their_sign():
    value = {"value": 0.1, "low": -0.05, "high": 0.25, "n": 24}
    assert figure(value) == "0.100 [-0.050 to 0.250] n=24"
    assert difference(value) == "+0.100 [-0.050 to +0.250] n=24"
    assert figure(value | {"low": None, "high": None}) == "0.100 n=24"
    assert figure(None) == difference({"value": None, "low": None, "high": None, "n": 0}) == "–"


def test_a_running_run_says_how_far_it_is_and_how_well(capsys):
    progress = {"phase": "U-Net", "step": 62, "steps": 240, "loss": 0.41234, "dice": 0.5312, "seconds_left": 71.2}
    run = {
        "run": "8fb7b1abc0f5",
        "state": "running",
        "model": None,
        "reason": None,
        "dice": {},
        "checks": [],
        "progress": progress,
    }
    print_run(run)
    print_run(run | {"progress": progress | {"dice": None}})
    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        "run 8fb7b1abc0f5: running, U-Net, step 62 of 240, loss 0.412, Dice 0.531 on watched validation cases, "
        "about 71 s left"
    )
    assert "Dice" not in second
