"""`scintiloop worklist`, `readings`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from backend.cli.options import FOLDER, json_option
from backend.cli.output import emit, open_home

if TYPE_CHECKING:
    from backend.jobs.steps.read import FileFormat


@click.group(epilog="Example: scintiloop worklist export to-read/ --reader reader-2")
def worklist() -> None:
    """Worklists for readers who draw in Labelme."""


@worklist.command(epilog="Example: scintiloop worklist export to-read/ --reader reader-2")
@click.argument("directory", type=FOLDER)
@click.option("--reader", required=True, help="The reader's name.")
@json_option
def export(directory: Path, reader: str, as_json: bool) -> None:
    """Write a Labelme folder for one reader: images and, where the exposure allows, pre-annotations."""
    from backend.jobs.steps import read  # noqa: PLC0415

    document = read.export_worklist(open_home(), directory, reader)
    emit(
        document,
        as_json,
        lambda done: click.echo(
            f"{done['images']} images in {done['directory']}, {done['assisted']} of them pre-annotated"
        ),
    )


@click.group(epilog="Example: scintiloop readings import to-read/ --reader reader-2")
def readings() -> None:
    """Readers' files."""


@readings.command("import", epilog="Example: scintiloop readings import to-read/ --reader reader-2")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--reader", required=True, help="The reader's name; made known if new.")
@click.option("--format", "file_format", type=click.Choice(["auto", "labelme", "label-studio"]), default="auto")
@json_option
def import_readings(paths: tuple[Path, ...], reader: str, file_format: "FileFormat", as_json: bool) -> None:
    """Take in readers' files as sealed readings; importing again changes nothing."""
    from backend.jobs.steps import read  # noqa: PLC0415

    document = read.import_readings(open_home(), paths, reader, file_format)
    emit(
        document,
        as_json,
        lambda done: click.echo(
            f"{done['new']} readings sealed, {done['repeated']} known already, {done['passed_over']} without a reading"
        ),
    )
