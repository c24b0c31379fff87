"""`scintiloop convert`: the converters' own command under our name."""

import sys

import click

from converters.__main__ import main as run_converters


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def convert(arguments: tuple[str, ...]) -> None:
    """Convert readers' files: masks, Labelme, Label Studio, COCO, DICOM SEG (try: convert --help)."""
    sys.exit(run_converters(list(arguments)))
