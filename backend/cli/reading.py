"""`scintiloop worklist`, `readings`, `agreement`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backend.cli.options import FOLDER, json_option
from backend.cli.output import emit, figure, open_home, table

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


@click.command(epilog="Example: scintiloop agreement --json")
@click.option("--exposure", is_flag=True, help="Also compare assisted with blind readings.")
@json_option
def agreement(exposure: bool, as_json: bool) -> None:
    """Compare the readings of every projection, and say which need adjudication."""
    from backend.jobs.steps import agree  # noqa: PLC0415

    settings = open_home()
    agree.settle(settings)
    emit(agree.agreement(settings, exposure=exposure), as_json, _print_agreement)


def _print_agreement(document: dict[str, Any]) -> None:
    counts = Counter(one["status"] for one in document["projections"])
    table("Projections", ("status", "n"), sorted(counts.items()))
    disputed = [one for one in document["projections"] if one["status"] == "adjudicate"]
    rows = [(one["study"], one["projection"], "; ".join(one["reasons"])) for one in disputed]
    table("Waiting for a physician", ("study", "projection", "why"), rows)
    exposed = [
        (exposure, label, figure(row["dice"]))
        for exposure, labels in document.get("by_exposure", {}).items()
        for label, row in labels.items()
    ]
    table("Dice between readers, by what they saw first", ("exposure", "label", "Dice"), exposed)
