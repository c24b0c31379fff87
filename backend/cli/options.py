"""Options that several subcommands share."""

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
"""A folder to write into: naming a file instead is wrong usage."""

_ASKED = "scintiloop.json"


def as_json_asked(context: click.Context) -> bool:
    """Whether this command line asked for JSON, at whichever level."""
    return bool(context.meta.get(_ASKED))


def _remember(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    context.meta[_ASKED] = value or as_json_asked(context)
    return as_json_asked(context)


json_option = click.option("--json", "as_json", is_flag=True, callback=_remember, help="Print one JSON document.")
