"""How every subcommand speaks: JSON or words on standard output; progress and errors on standard error."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from backend.jobs.steps.home import make_ready
from backend.settings import Settings, load_settings

WIDE_ENOUGH = 200
"""Columns of a table that goes into a file or another program."""

Advance = Callable[[int, int], None]
"""Called with (done, of all)."""


def open_home() -> Settings:
    """The settings in force, their home made ready."""
    settings = load_settings()
    make_ready(settings, announce=lambda sentence: click.echo(sentence, err=True))
    return settings


def emit(document: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], None]) -> None:
    """Prints the document as JSON or through `words`; ends with status 1 where it lists errors."""
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        words(document)
    errors = document.get("errors") or []
    if not as_json:
        for error in errors:
            click.echo(_blame(error["file"], error["error"]), err=True)
    if errors:
        sys.exit(1)


def _blame(file: str, error: str) -> str:
    """The error after its file's name, once; an error may begin with the name or its last part itself."""
    for name in (file, PurePath(file).name):
        error = error.removeprefix(f"{name}: ")
    return f"{file}: {error}" if file else error


def moment(iso: str) -> str:
    """A stored time as minutes in UTC, short enough for a table."""
    return iso[:16].replace("T", " ")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table to standard output; nothing where there are no rows."""
    if not rows:
        return
    drawn = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        # a narrow terminal breaks what a reader may want to copy; it never drops it
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*("–" if cell is None else str(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE_ENOUGH)
    console.print(drawn, "")


def figure(figure: dict[str, Any] | None, form: str = ".3f") -> str:
    """`0.739 [0.690 to 0.781] n=54`, or a dash where undefined."""
    if figure is None or figure["value"] is None:
        return "–"
    interval = f" [{figure['low']:{form}} to {figure['high']:{form}}]" if figure["low"] is not None else ""
    return f"{figure['value']:{form}}{interval} n={figure['n']}"


def difference(value: dict[str, Any] | None) -> str:
    """As `figure`, with signs."""
    return figure(value, "+.3f")


@contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """A bar on a terminal's standard error, silence elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
