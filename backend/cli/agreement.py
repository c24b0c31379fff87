"""`scintiloop agreement`."""

from collections import Counter
from typing import Any

import click

from backend.cli.options import json_option
from backend.cli.output import difference, emit, figure, open_home, progress_bar, table


@click.command(epilog="Example: scintiloop agreement --exposure --json")
@click.option("--exposure", is_flag=True, help="Also compare assisted with blind readings.")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="How many processes measure what is new; one for each core unless said otherwise.",
)
@json_option
def agreement(exposure: bool, processes: int | None, as_json: bool) -> None:
    """Compare the readings of every projection, and say which need adjudication."""
    from backend.jobs.steps import compare  # noqa: PLC0415

    settings = open_home()
    with progress_bar("Measuring") as advance:
        document = compare.agreement(settings, exposure=exposure, processes=processes, advance=advance)
    emit(document, as_json, _print)


def _print(document: dict[str, Any]) -> None:
    counts = Counter(one["status"] for one in document["projections"])
    table("Projections", ("status", "n"), sorted(counts.items()))
    disputed = [one for one in document["projections"] if one["status"] == "adjudicate"]
    rows = [(one["study"], one["projection"], "; ".join(one["reasons"])) for one in disputed]
    table("Waiting for a physician", ("study", "projection", "why"), rows)
    _print_project(document["project"])
    if "exposure" in document:
        _print_exposure(document)


def _print_project(project: dict[str, Any]) -> None:
    between, repeats = project["between_readers"], project["repeats"]["all"]
    if between["n"]["projections"]:
        columns = ("", "lesion Dice", "bladder Dice", "lesion F1", "κ of the call", "lesion HD95, mm")
        sides = [("between readers", between), ("hidden repeats", repeats)]
        table("Agreement", columns, [(name, *_between(one)) for name, one in sides if one["n"]["projections"]])
    readers = [(name, *_against(one)) for name, one in project["readers"].items()]
    heads = ("reader", "lesion Dice", "sensitivity", "over-called per projection", "helped to make the reference")
    table("Readers against the reference", heads, readers)


def _between(one: dict[str, Any]) -> tuple[str, ...]:
    lesion, bladder = one["labels"]["metastasis"], one["labels"]["bladder"]
    figures = (lesion["dice"], bladder["dice"], one["lesion_f1"], one["kappa"])
    return (*map(figure, figures), figure(lesion["hd95_mm"], ".1f"))


def _against(one: dict[str, Any]) -> tuple[str, ...]:
    figures = (one["labels"]["metastasis"]["dice"], one["sensitivity"], one["over_called"])
    return (*map(figure, figures), f"{one['contributions']} of {one['n']['projections']}")


def _print_exposure(document: dict[str, Any]) -> None:
    exposed = [
        (exposure, label, figure(row["dice"]))
        for exposure, labels in document["by_exposure"].items()
        for label, row in labels.items()
    ]
    table("Dice between readers, by what they saw first", ("exposure", "label", "Dice"), exposed)
    report = document["exposure"]
    for key, title, other in (
        ("within_cases", "Assisted and blind, within the same studies", "blind"),
        ("control", "Assisted, and the control arm", "control"),
    ):
        rows = [
            (words, figure(row["assisted"]), figure(row[other]), difference(row["difference"]))
            for measure, words in MEASURES.items()
            if (row := report[key][measure])["difference"]["value"] is not None
        ]
        table(title, ("per study", "assisted", other, "difference"), rows)
    edits = report["edits"]["all"]
    if edits["studies"]:
        table("Edits to suggestions", ("of the regions shown", "share"), [(k, figure(edits[k])) for k in EDITS])


MEASURES = {
    "seconds": "seconds",
    "missed": "lesions missed",
    "over_called": "lesions over-called",
    "dice": "lesion Dice",
}
EDITS = ("kept", "reshaped", "relabelled", "deleted")
