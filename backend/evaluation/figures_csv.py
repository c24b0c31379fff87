"""Every figure of a report as one row of a table, for spreadsheets and statistics programs."""

import csv
import io
from collections.abc import Iterator, Sequence

from backend.evaluation.definitions import DEFINITIONS
from backend.evaluation.scores import Json

COLUMNS = ("figure", "value", "low", "high", "n", "k", "contributed", "definition")
NAMING = ("first", "second", "who", "kind", "group", "size", "check", "label", "false_per_study")
"""Keys whose values name an entry of a list."""
BIN = ("low", "high")


def to_csv(report: Json) -> bytes:
    """UTF-8 with a byte-order mark, so that spreadsheets read the names right; one row for each figure.

    `figure` is the path to it in report.json, entries of lists by their names; an undefined value is empty.
    """
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS)
    rows.writeheader()
    for path, figure, contributed in figures(report):
        row = {name: _plain(figure.get(name)) for name in ("value", "low", "high", "n", "k")}
        meaning = next((DEFINITIONS[part] for part in reversed(path) if part in DEFINITIONS), "")
        rows.writerow(
            {"figure": " / ".join(path), "contributed": "yes" if contributed else "", "definition": meaning} | row
        )
    return text.getvalue().encode("utf-8-sig")


def figures(
    part: object, path: tuple[str, ...] = (), *, contributed: bool = False
) -> Iterator[tuple[tuple[str, ...], Json, bool]]:
    """(path, figure, whether a reader stands against a reference that this reader helped to make)."""
    if isinstance(part, dict):
        if {"value", "low", "high", "n"} <= part.keys():
            yield path, part, contributed
            return
        marked = bool(part.get("contributed", contributed))
        for key, value in part.items():
            yield from figures(value, (*path, str(key)), contributed=marked)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for number, entry in enumerate(part):
            yield from figures(entry, (*path, *_name(entry, number)), contributed=contributed)


def _name(entry: object, number: int) -> tuple[str, ...]:
    """What an entry of a list is called; a bin by its ends, another by its number."""
    if not isinstance(entry, dict):
        return (str(number),)
    named = [
        entry[key] for key in NAMING if isinstance(entry.get(key), str | int | float) and entry.get(key) is not None
    ]
    if not named and all(isinstance(entry.get(end), int | float) for end in BIN):
        return ("-".join(f"{entry[end]:g}" for end in BIN),)
    return (" ".join(str(one) for one in named) or str(number),)


def _plain(value: object) -> object:
    return "" if value is None else value
