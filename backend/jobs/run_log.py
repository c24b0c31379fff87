"""The log of a run: its worker and its training program write it, engineers read what of it can name no patient.

The file also takes whatever the libraries below print. Of that nothing is shown but the places and the kind of an
error: its words may hold anything.
"""

import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from backend.settings import Settings
from backend.store.tables import now

OURS = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC .*")
TRACEBACK = "Traceback (most recent call last):"
PLACE = re.compile(r'^\s+File "([^"]+)", line (\d+), in (\S+)')
KIND = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")
SECRETS = (
    (re.compile(r"(?i)\b(password|passwd|token|secret|api_?key|authorization)(\W{1,3})\S+"), r"\1\2…"),
    (re.compile(r"://[^/\s@]+@"), "://…@"),
    (re.compile(r"\b(?=\w*\d)[\w-]{40,}\b"), "…"),
)
MOST_BYTES = 4_000_000
"""Of the end of a log; a training writes some hundred lines."""


def run_log(settings: Settings, run_id: str) -> Path:
    return settings.home / "logs" / f"run-{run_id}.log"


def note(settings: Settings, run_id: str, sentence: str) -> None:
    """Appends a line of ours, with the time in UTC."""
    path = run_log(settings, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{now():%Y-%m-%d %H:%M:%S} UTC {' '.join(sentence.split())}\n")


def note_error(settings: Settings, run_id: str, error: BaseException) -> None:
    """Appends the kind and the places of an unexpected error, without its words."""
    note(settings, run_id, f"{type(error).__name__}, the innermost place last:")
    for frame in traceback.extract_tb(error.__traceback__):
        note(settings, run_id, f"{_below_the_code(frame.filename)}, line {frame.lineno}, in {frame.name}")


def shown(settings: Settings, run_id: str, most_bytes: int = MOST_BYTES) -> list[str]:
    """The lines of the end of the log that may be shown; none where there is no log."""
    path = run_log(settings, run_id)
    if not path.exists():
        return []
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - most_bytes))
        text = log.read().decode("utf-8", errors="replace")
    lines = text.splitlines()
    return list(cleaned(lines[1:] if size > most_bytes else lines))


def cleaned(lines: list[str]) -> Iterator[str]:
    """Our own lines, and of each traceback its places and the kind of error; others are only counted."""
    in_traceback, left_out = False, 0
    for line in lines:
        kept, in_traceback = _kept(line, in_traceback)
        if kept is None:
            left_out += 1
            continue
        if left_out:
            yield _left_out(left_out)
            left_out = 0
        yield kept
    if left_out:
        yield _left_out(left_out)


def _kept(line: str, in_traceback: bool) -> tuple[str | None, bool]:
    """What is shown of the line, and whether the next one is inside a traceback."""
    if OURS.match(line):
        return _without_secrets(line), False
    if line.strip() == TRACEBACK:
        return TRACEBACK, True
    if not in_traceback:
        return None, False
    if place := PLACE.match(line):
        return f"  {_below_the_code(place[1])}, line {place[2]}, in {place[3]}", True
    if kind := KIND.match(line):
        return kind[1], False
    return None, True


def _below_the_code(path: str) -> str:
    """The last parts of a file's path: folders above may carry the name of an account."""
    return "/".join(Path(path).parts[-3:])


def _without_secrets(line: str) -> str:
    for pattern, instead in SECRETS:
        line = pattern.sub(instead, line)
    return line


def _left_out(count: int) -> str:
    return f"({count} more {'line' if count == 1 else 'lines'} in the file)"
