"""`scintiloop agreement`."""

from collections import Counter
from typing import Any

import click

from backend.cli.options import json_option
from backend.cli.output import emit, figure, open_home, table


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
