"""`scintiloop dataset`, `retrain`, `runs`."""

import getpass
from pathlib import Path
from typing import Any

import click

from backend.cli.options import FOLDER, json_option
from backend.cli.output import difference, emit, figure, moment, open_home, progress_bar, table
from backend.cli.registry_words import print_checks
from backend.datasets import freeze as freezing
from backend.datasets.load import export as export_dataset
from backend.jobs import runs as run_rows
from backend.jobs.follow import follow
from backend.jobs.steps.choices import ENCODERS, RECIPES
from backend.jobs.steps.consider import automatic
from backend.jobs.steps.news import whats_new
from backend.jobs.steps.start import start_training

RUN_COLUMNS = ("run", "state", "model", "verdict")


@click.group(epilog="Example: scintiloop dataset freeze")
def dataset() -> None:
    """Dataset versions: immutable manifests of references."""


@dataset.command(epilog="Example: scintiloop dataset freeze")
@click.option("--split", type=click.Choice(["patient", "study"]), default="patient", help="Rule of the test side.")
@json_option
def freeze(split: str, as_json: bool) -> None:
    """Freeze the references that count now; the same references give the same version."""
    rule: freezing.SplitRule = "study" if split == "study" else "patient"
    emit(freezing.freeze(open_home(), split=rule, by=getpass.getuser()).to_json(), as_json, _print_dataset)


@dataset.command("list", epilog="Example: scintiloop dataset list")
@json_option
def list_versions(as_json: bool) -> None:
    """List every dataset version."""
    emit({"datasets": freezing.versions(open_home())}, as_json, _print_versions)


@dataset.command(epilog="Example: scintiloop dataset export 3fa9 exported/")
@click.argument("dataset_id")
@click.argument("directory", type=FOLDER)
@json_option
def export(dataset_id: str, directory: Path, as_json: bool) -> None:
    """Write a dataset version's images, masks and manifest into a new folder."""
    settings = open_home()
    found = freezing.find(settings, dataset_id)
    members = export_dataset(settings, found.id, directory, by=getpass.getuser())
    document = {"id": found.id, "directory": str(directory), "members": members}
    emit(document, as_json, lambda done: click.echo(f"{done['members']} projections written to {done['directory']}"))


@click.command(epilog="Example: scintiloop retrain --wait")
@click.option("--wait", is_flag=True, help="Follow the run until it ends.")
@click.option("--dataset", help="Dataset version; one is frozen now unless named.")
@click.option("--recipe", type=click.Choice(RECIPES), help="default, or the source study's own settings.")
@click.option("--from", "start", help="champion, scratch, day-one, a model version, package:NAME, or a model file.")
@click.option("--encoder", type=click.Choice(ENCODERS), help="U-Net encoder; the start's unless named.")
@click.option("--steps", type=click.IntRange(min=1), help="U-Net steps; the recipe's own unless given.")
@json_option
def retrain(wait: bool, as_json: bool, **options: Any) -> None:
    """Queue a training run; with --wait, print the updated Dice beside the champion's."""
    settings = open_home()
    run_id = start_training(settings, getpass.getuser(), **options)
    if wait:
        with progress_bar(f"run {run_id}") as advance:
            run = follow(settings, run_id, advance)
        if run["state"] != "done":
            run["errors"] = [{"file": f"run {run_id}", "error": run["reason"] or run["state"]}]
    else:
        run = run_rows.show(run_rows.find(settings, run_id))
    emit(run, as_json, print_run)


@click.group(invoke_without_command=True, epilog="Example: scintiloop runs --json")
@json_option
@click.pass_context
def runs(context: click.Context, as_json: bool) -> None:
    """Training runs, newest first."""
    if context.invoked_subcommand is None:
        found = [run_rows.show(run) for run in run_rows.newest_first(open_home())]
        emit({"runs": found}, as_json, _print_runs)


@runs.command(epilog="Example: scintiloop runs show 8fb7b1abc0f5")
@click.argument("run_id")
@json_option
def show(run_id: str, as_json: bool) -> None:
    """Show one run: progress, verdict, Dice of challenger and champion and their paired difference."""
    emit(run_rows.show(run_rows.find(open_home(), run_id)), as_json, print_run)


@runs.command(epilog="Example: scintiloop runs cancel 8fb7b1abc0f5")
@click.argument("run_id")
@json_option
def cancel(run_id: str, as_json: bool) -> None:
    """Cancel a run that is queued or running."""
    settings = open_home()
    run_rows.cancel(settings, run_id, getpass.getuser())
    emit(run_rows.show(run_rows.find(settings, run_id)), as_json, print_run)


@runs.command("next", epilog="Example: scintiloop runs next")
@json_option
def show_next(as_json: bool) -> None:
    """Show what is new since the champion's dataset version, and when a run starts by itself."""
    settings = open_home()
    emit({"new": whats_new(settings), "automatic": automatic(settings)}, as_json, _print_next)


def print_run(run: dict[str, Any]) -> None:
    """The run in words and its Dice as a table."""
    progress = run.get("progress") or {}
    running = run["state"] == "running" and "step" in progress
    click.echo(f"run {run['run']}: {run['state']}{_at(progress) if running else ''}")
    if "waits_for" in (run.get("machine") or {}):
        click.echo("it waits for its device, on which another run trains")
    if run["model"]:
        click.echo(f"model {run['model']} on dataset {run['dataset'][:12]}: {run['verdict']} – {run['reason']}")
    elif run["reason"]:
        click.echo(run["reason"])
    if run["dice"]:
        columns = ("label", "challenger", "champion", "difference")
        rows = [
            (label, figure(row["challenger"]), figure(row["champion"]), difference(row["difference"]))
            for label, row in run["dice"].items()
        ]
        table(
            "Dice on the frozen test patients (mean over projections that hold the label, 95 % interval)", columns, rows
        )
    print_checks(run["checks"])


def _at(progress: dict[str, Any]) -> str:
    dice = "" if progress["dice"] is None else f", Dice {progress['dice']:.3f} on watched validation cases"
    return (
        f", {progress['phase']}, step {progress['step']} of {progress['steps']}, loss {progress['loss']:.3f}{dice}, "
        f"about {progress['seconds_left']:.0f} s left"
    )


def _print_next(document: dict[str, Any]) -> None:
    new, found = document["new"], document["automatic"]
    click.echo(
        f"new since the champion's dataset version: {new['references']} references of {new['patients']} patients, "
        f"{new['lesions']} lesions; {new['sequestered']} more only test"
    )
    awaited = {"somebody": "by hand only", "run": "after the unfinished run", "reference": "after new references"}
    when = f"{moment(found['at'])} UTC, {found['reason']}" if found["at"] else awaited[found["awaits"]]
    click.echo(f"next run: {when}")


def _print_runs(document: dict[str, Any]) -> None:
    rows = [
        (run["run"], run["state"], run["model"], run["verdict"], moment(run["created"])) for run in document["runs"]
    ]
    table("Runs", ("run", "state", "model", "verdict", "created"), rows)


def _print_dataset(document: dict[str, Any]) -> None:
    sides: dict[str, set[str]] = {}
    for member in document["members"]:
        sides.setdefault(member["split"], set()).add(member["patient"])
    click.echo(f"dataset {document['id']}: {len(document['members'])} projections")
    table("Patients", ("side", "patients"), [(side, len(patients)) for side, patients in sorted(sides.items())])


def _print_versions(document: dict[str, Any]) -> None:
    rows = [(one["id"][:12], one["members"], moment(one["created"])) for one in document["datasets"]]
    table("Dataset versions", ("id", "projections", "created"), rows)
