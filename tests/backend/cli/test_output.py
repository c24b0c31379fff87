"""Tables of the command: whole on a narrow terminal, one row per line where another program reads them."""

import re

import pytest

from backend.cli.output import table

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
