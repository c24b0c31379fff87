"""`scintiloop phantom`, `ingest`."""

from itertools import count
from pathlib import Path
from typing import Any

import click

from backend.cli.options import FOLDER, json_option
from backend.cli.output import emit, open_home, progress_bar, table


@click.command(epilog="Example: scintiloop phantom simulated/ --studies 20 --seed 1")
@click.argument("directory", type=FOLDER)
@click.option("--studies", type=click.IntRange(min=1), required=True, help="How many studies.")
@click.option("--seed", type=int, required=True, help="Same seed, same bytes.")
@click.option("--readers", type=click.IntRange(0, 2), default=2, show_default=True, help="Simulated readers.")
@click.option("--preset", type=click.Choice(["demo", "benchmark"]), default="benchmark", show_default=True)
@json_option
def phantom(directory: Path, studies: int, seed: int, readers: int, preset: str, as_json: bool) -> None:
    """Write simulated studies: DICOM NM, PNG, studies.csv, truth masks and two readers' files."""
    from backend.jobs.steps.simulate import write_phantom  # noqa: PLC0415 (an extra: other commands work without it)

    done = count(1)
    with progress_bar("studies") as advance:
        document = write_phantom(
            directory, preset, studies, seed, readers=readers, written=lambda _: advance(next(done), studies)
        )
    emit(document, as_json, lambda done: click.echo(f"{done['studies']} studies written to {directory}"))


@click.command(epilog="Example: scintiloop ingest scans/ --studies scans/studies.csv")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--studies", "studies_csv", type=click.Path(path_type=Path), help="List of images, see docs.")
@json_option
def ingest(paths: tuple[Path, ...], studies_csv: Path | None, as_json: bool) -> None:
    """Bring in DICOM NM files or folders, or the images that a studies.csv lists."""
    if not paths and studies_csv is None:
        raise click.UsageError("name files, folders or --studies studies.csv")
    from backend.jobs.steps.ingest import announce_new, ingest as ingest_files  # noqa: I001, PLC0415

    settings = open_home()
    with progress_bar("files") as advance:
        document = ingest_files(settings, paths, studies_csv, advance)
    announce_new(settings, document)
    emit(document, as_json, _print_studies)


def _print_studies(document: dict[str, Any]) -> None:
    rows = [(one["patient"], one["study"], ", ".join(one["projections"]), one["status"]) for one in document["studies"]]
    table("Studies", ("patient", "study", "projections", "status"), rows)
