"""`scintiloop models`, `evaluate`, `predict`."""

import getpass
from pathlib import Path
from typing import Any

import click

from backend.cli.options import FOLDER, json_option
from backend.cli.output import emit, figure, open_home, table
from backend.cli.registry_words import print_difference, print_lineage, print_models
from backend.evaluation.headline import gate_words


@click.group(invoke_without_command=True, epilog="Example: scintiloop models --json")
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """Model versions, newest first, which one serves, and who made which one champion when and why."""
    if context.invoked_subcommand is None:
        from backend.jobs.steps.versions import champions, model_versions  # noqa: PLC0415

        settings = open_home()
        emit({"models": model_versions(settings), "champions": champions(settings)}, as_json, print_models)


@models.command("promote", epilog="Example: scintiloop models promote 3fa94c01b2de")
@click.argument("model_id")
@click.option("--reason", help="Why, in writing; needed where the gate said hold.")
@json_option
def promote_model(model_id: str, reason: str | None, as_json: bool) -> None:
    """Make a model version the champion, if the gate allows it."""
    from backend.jobs.steps.promote import promote  # noqa: PLC0415 (loads the statistics)

    champion = promote(open_home(), model_id, by=getpass.getuser(), reason=reason)
    emit({"champion": champion}, as_json, _print_champion)


@models.command("rollback", epilog="Example: scintiloop models rollback")
@click.option("--reason", help="Why, in writing.")
@json_option
def roll_back(reason: str | None, as_json: bool) -> None:
    """Take the newest promotion back."""
    from backend.jobs.steps.promote import rollback  # noqa: PLC0415

    champion = rollback(open_home(), by=getpass.getuser(), reason=reason)
    emit({"champion": champion}, as_json, _print_champion)


@models.command("diff", epilog="Example: scintiloop models diff 3fa94c01b2de 77e0d1c4a9f3")
@click.argument("model_a")
@click.argument("model_b")
@json_option
def compare(model_a: str, model_b: str, as_json: bool) -> None:
    """Where two model versions come from and how they differ on the same test cases."""
    from backend.jobs.steps.model_difference import difference  # noqa: PLC0415

    emit(difference(open_home(), model_a, model_b, by=getpass.getuser()), as_json, print_difference)


@models.command("lineage", epilog="Example: scintiloop models lineage 3fa94c01b2de")
@click.argument("model_id")
@json_option
def lineage(model_id: str, as_json: bool) -> None:
    """Where a model version comes from, down to the readings that it learned from, all by hash."""
    from backend.jobs.steps.lineage import model_lineage  # noqa: PLC0415

    emit(model_lineage(open_home(), model_id), as_json, print_lineage)


@click.command(epilog="Example: scintiloop evaluate --report report/")
@click.argument("model", required=False)
@click.option("--report", "directory", type=FOLDER, help="Write the report here: page, PDF, JSON, CSV, model card.")
@json_option
def evaluate(model: str | None, directory: Path | None, as_json: bool) -> None:
    """The evaluation report of a model version (the champion unless named) on the frozen test patients."""
    from backend.jobs.steps.report import evaluation_report  # noqa: PLC0415 (loads torch)

    document = evaluation_report(open_home(), model, directory, by=getpass.getuser())
    emit(document, as_json, _print_report)


@click.command(epilog="Example: scintiloop predict scans/ --json")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--studies", "studies_csv", type=click.Path(path_type=Path), help="List of images, see docs.")
@click.option(
    "--to",
    "target",
    type=(click.Choice(["labelme", "label-studio", "masks", "csv"]), FOLDER),
    help="Also write files of this kind into a new folder.",
)
@json_option
def predict(paths: tuple[Path, ...], studies_csv: Path | None, target: tuple[str, Path] | None, as_json: bool) -> None:
    """Outlines and burden for scan files, by the champion; no services needed."""
    if not paths and studies_csv is None:
        raise click.UsageError("name files, folders or --studies studies.csv")
    from backend.jobs.steps.predict_report import predict_report  # noqa: PLC0415 (loads torch)

    emit(predict_report(open_home(), paths, studies_csv, target), as_json, _print_predictions)


def _print_champion(document: dict[str, Any]) -> None:
    click.echo(f"champion: {document['champion'] or 'none'}")


def _print_report(document: dict[str, Any]) -> None:
    n = document["n"]
    patients = f"{n['patients']} patients ({n['positive_patients']} with metastases), {n['projections']} projections"
    click.echo(f"model {document['model']} on dataset {document['dataset'][:12]}: {patients}")
    rows = [(label, figure(row["dice"]), figure(row["pooled_dice"])) for label, row in document["labels"].items()]
    table("Dice against the reference", ("label", "Dice", "pooled Dice"), rows)
    table("Patients", ("figure", "value"), [(name, figure(row)) for name, row in document["patients"].items()])
    columns = ("", "lesion Dice", "bladder Dice", "lesion F1", "F1 from 10 px")
    table(
        "Beside the readers († helped to make the reference)", columns, [_compared(row) for row in document["outlines"]]
    )
    click.echo(gate_words(document["gate"]))


def _compared(row: dict[str, Any]) -> tuple[str, ...]:
    mark = " †" if row["contributed"] else ""
    dice = [figure(row["labels"][label]["dice"]) for label in ("metastasis", "bladder")]
    f1 = [figure(row["lesions"][name]) for name in ("f1", "f1_from_10_px")]
    return (f"{row['first']} with {row['second']}{mark}", *dice, *f1)


def _print_predictions(document: dict[str, Any]) -> None:
    def row(name: str, burden: dict[str, Any]) -> tuple[object, ...]:
        values = (burden["bstbi"], burden["lesion_area_cm2"])
        return (name, *("–" if value is None else f"{value:.3f}" for value in values), burden["lesions"])

    rows = [row(one["study"], one["burden"]) for one in document["studies"]]
    table(f"Burden by model {document['model']}", ("study", "BSTBI", "lesion area cm²", "lesions"), rows)
