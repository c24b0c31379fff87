"""What a report consists of, whoever writes it down: sections of tables, charts and notes. Page and PDF write the
same."""

import re
from dataclasses import dataclass

from backend.evaluation.charts import Chart
from backend.evaluation.definitions import DEFINITIONS, NAMES
from backend.evaluation.scores import Json

Cell = Json | str | None
"""A figure {value, low, high, n}, a word, or nothing."""

MARK = "†"
MARKED = f"{MARK} the reference was made with this reader's help"


@dataclass(frozen=True)
class Column:
    """A column of figures; `key` names its definition, `digits` are those after the point."""

    title: str
    key: str | None = None
    digits: int = 3
    signed: bool = False


@dataclass(frozen=True)
class Row:
    """`marked`: a reader against a reference that this reader helped to make; `strong`: the model's own row."""

    name: str
    cells: tuple[Cell, ...]
    marked: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Table:
    title: str
    head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def marked(self) -> bool:
        return any(row.marked for row in self.rows)


@dataclass(frozen=True)
class Section:
    """`keys`: definitions that its charts need, beside those of its tables."""

    title: str
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    keys: tuple[str, ...] = ()

    def definitions(self) -> list[tuple[str, str]]:
        """(name, sentence) of every column and key, each once."""
        of_columns = [column.key for table in self.tables for column in table.columns if column.key]
        return [(NAMES.get(key, key), DEFINITIONS[key]) for key in dict.fromkeys([*of_columns, *self.keys])]


def value_words(figure: Json, digits: int = 3, *, signed: bool = False) -> str:
    """`0.739`, or a dash where undefined."""
    if figure["value"] is None:
        return "–"
    return _number(figure["value"], digits, signed)


def interval_words(figure: Json, digits: int = 3, *, signed: bool = False) -> str:
    """`0.690 to 0.781`; says why there is none."""
    if figure["value"] is None:
        return "undefined"
    if figure["low"] is None:
        return "too few for an interval"
    return f"{_number(figure['low'], digits, signed)} to {_number(figure['high'], digits, signed)}"


def count_words(figure: Json) -> str:
    """`50/54` of a proportion, else `n = 54`."""
    return f"{figure['k']}/{figure['n']}" if "k" in figure else f"n = {figure['n']:,}"


def group_words(name: str) -> str:
    """`≥ 70`, `50–69`, `beside bladder` for the names that documents use."""
    return re.sub(r"(?<=\d)-(?=\d)", "–", name.replace(">=", "≥ ").replace("<", "< ").replace("_", " "))


def _number(value: float, digits: int, signed: bool) -> str:
    """With a true minus sign; what rounds to nothing has none."""
    rounded = round(value, digits) or 0.0
    return f"{rounded:{'+' if signed and rounded else ''}.{digits}f}".replace("-", "−")
