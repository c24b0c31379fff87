"""What engineers may read of a run's log: our own lines and the places of an error, never its words."""

import pytest

from backend.jobs import run_log
from backend.settings import Settings

OURS = "2026-03-04 15:06:07 UTC attempt 1 begins"
TRACEBACK = f"""\
{OURS}
{run_log.TRACEBACK}
  File "/home/anna/scintiloop/backend/training/loop.py", line 12, in train
    raise ValueError(patient)
          ^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/site-packages/numpy/core.py", line 3, in check
ValueError: Meier, Anna, born 1950
and more of Meier
2026-03-04 15:06:09 UTC attempt 1 ended unexpectedly
"""


def test_a_line_of_ours_is_kept_with_its_time(settings: Settings) -> None:
    run_log.note(settings, "abc", "attempt 1\nbegins")
    [line] = run_log.shown(settings, "abc")
    assert run_log.OURS.match(line)
    assert line.endswith(" UTC attempt 1 begins")


def test_a_traceback_keeps_its_places_and_kind_and_loses_its_words() -> None:
    assert list(run_log.cleaned(TRACEBACK.splitlines())) == [
        OURS,
        run_log.TRACEBACK,
        "  backend/training/loop.py, line 12, in train",
        "(2 more lines in the file)",
        "  site-packages/numpy/core.py, line 3, in check",
        "ValueError",
        "(1 more line in the file)",
        "2026-03-04 15:06:09 UTC attempt 1 ended unexpectedly",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "warning: Meier^Anna has no age",
        "  File without quotes, line 3, in Meier",
        "ValueError: Meier",
        "2026-03-04 Meier",
        "\x00Meier",
    ],
)
def test_what_others_print_is_only_counted(line: str) -> None:
    assert list(run_log.cleaned([line, line])) == ["(2 more lines in the file)"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("broker redis://user:s3cret@host/0 is away", "broker redis://…@host/0 is away"),
        ("password=s3cret refused", "password=… refused"),
        ("Authorization: s3cret", "Authorization: …"),
        (f"sent {'a1' * 25} there", "sent … there"),
        ("step 50 of 240: loss 0.1234", "step 50 of 240: loss 0.1234"),
    ],
)
def test_a_secret_in_a_line_of_ours_is_not_shown(said: str, shown: str) -> None:
    start = "2026-03-04 15:06:07 UTC "
    assert list(run_log.cleaned([start + said])) == [start + shown]


def test_an_unexpected_error_is_noted_by_kind_and_place(settings: Settings) -> None:
    try:
        raise RuntimeError("Meier, Anna")
    except RuntimeError as error:
        run_log.note_error(settings, "abc", error)
    text = run_log.run_log(settings, "abc").read_text()
    assert "RuntimeError" in text
    assert "test_run_log.py, line " in text
    assert "Meier" not in text


def test_of_a_long_log_the_end_is_shown_from_a_whole_line(settings: Settings) -> None:
    for number in range(50):
        run_log.note(settings, "abc", f"step {number}")
    shown = run_log.shown(settings, "abc", most_bytes=100)
    assert 0 < len(shown) < 5
    assert all(run_log.OURS.match(line) for line in shown)
    assert shown[-1].endswith("step 49")


def test_a_run_without_a_log_has_no_lines(settings: Settings) -> None:
    assert run_log.shown(settings, "abc") == []
