"""`python -m converters SRC DST --to …`: readers' files to files, one certificate each."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeRemainingColumn

from converters import folder
from converters.command import check, parser, wish_of
from converters.document import json_bytes
from converters.errors import ConversionError
from converters.folder import convert
from converters.writing import Outcome


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 all done, 1 something was not done, 2 wrong usage."""
    usage = parser()
    try:
        asked = usage.parse_args(argv)
        check(asked, usage)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        wish = wish_of(asked)
    except ConversionError as error:
        outcome = Outcome(errors=[error])
    else:
        with _progress() as progress:
            outcome = convert(asked.source, asked.destination, wish, jobs=asked.jobs, progress=progress)
    _tell(outcome, asked)
    return 1 if outcome.errors else 0


@contextmanager
def _progress() -> Iterator[folder.Progress]:
    """A bar on the terminal, nothing where standard error is none."""
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:3], TimeRemainingColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("converting", total=None)
        yield lambda name, number, total: bar.update(task, completed=number, total=total)


def _tell(outcome: Outcome, asked: argparse.Namespace) -> None:
    for error in outcome.errors:
        sys.stderr.write(f"{error}\n")
    if asked.json:
        errors = [{"file": error.source, "field": error.field, "error": error.message} for error in outcome.errors]
        told = {"converted": outcome.converted, "already_there": outcome.already_there, "errors": errors}
        sys.stdout.write(json_bytes(told, indent=None).decode() + "\n")
        return
    there = f" ({outcome.already_there} were there already)" if outcome.already_there else ""
    sys.stdout.write(f"{len(outcome.converted)} images converted{there}, {len(outcome.errors)} errors\n")


if __name__ == "__main__":
    sys.exit(main())
