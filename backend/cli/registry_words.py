"""Model versions in words: the list, where one comes from, how two differ, and what the gate looked at."""

from collections.abc import Sequence
from typing import Any

import click

from backend.cli.output import difference, figure, moment, table

Json = dict[str, Any]
SHORT = 12
"""Hex digits of a hash in a table; `--json` has all of them."""


def print_models(document: Json) -> None:
    heads = ("model", "", "encoder", "learned from", "verdict", "created")
    table("Model versions", heads, [_model_row(one) for one in document["models"]])
    rows = [(moment(one["at"]), one["action"], one["model"], one["by"], one["reason"]) for one in document["champions"]]
    table("Champions", ("when", "what", "champion", "by", "reason"), rows)


def _model_row(one: Json) -> tuple[object, ...]:
    dataset = f"dataset {one['dataset'][:SHORT]}" if one["dataset"] else None
    serves = "champion" if one["champion"] else ""
    source = "simulated scans alone" if one["simulated"] else dataset
    return (one["model"], serves, one["encoder"], source, one["verdict"], moment(one["created"]))


def print_checks(checks: Sequence[Json]) -> None:
    quiet = [one for one in checks if one["slice"] and one["outcome"] in ("passed", "not judged")]
    rows = [_check(one) for one in checks if one not in quiet]
    table("What the gate looked at", ("check", "of", "figure", "requires", "outcome"), rows)
    if quiet:
        passed = sum(one["outcome"] == "passed" for one in quiet)
        click.echo(f"Slices: {passed} passed, {len(quiet) - passed} with too few patients; --json lists them.\n")


def _check(one: Json) -> tuple[object, ...]:
    of = [one["label"]] if one["label"] else []
    if one["slice"]:
        of.append(f"{one['slice']['name']} = {one['slice']['group']}")
    found = one["figure"]
    if one["check"] == "test_set":
        shown = f"{found['value']} of {found['n']} patients"
    else:
        shown = figure(found) if one["check"] == "floor" else difference(found)
    return (one["check"].replace("_", " "), ", ".join(of), shown, one["requires"], one["outcome"])


def print_difference(document: Json) -> None:
    a, b = document["a"]["model"], document["b"]["model"]
    for part in ("architecture", "recipe", "thresholds", "calibration"):
        rows = [(one["name"], _value(one["a"]), _value(one["b"])) for one in document[part]]
        table(part.capitalize(), ("what differs", a, b), rows)
    training = document["training"]
    counts = ", ".join(f"{len(training[name])} {name}" for name in ("added", "removed", "redrawn"))
    click.echo(f"References learned from: {training['shared']} shared; {counts} in {a} against {b}.\n")
    heads = ("label", a, b, f"{a} minus {b}")
    table("Dice on the same test cases, paired by patient", heads, [_dice(*one) for one in document["figures"].items()])
    print_checks(document["checks"])
    click.echo(f"{a} instead of {b}: {document['verdict']}. {document['reason']}")


def _value(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value


def _dice(label: str, row: Json) -> tuple[object, ...]:
    return (label, figure(row["a"]), figure(row["b"]), difference(row["difference"]))


def print_lineage(document: Json) -> None:
    heads = ("model", "encoder", "code", "run", "requested by", "dataset", "start")
    table("Where it comes from, newest first", heads, [_link(one) for one in document["chain"]])
    click.echo(f"weights {document['weights_sha256']}\ncard    {document['card_sha256']}")
    click.echo(f"CHANGED: {document['changed']}\n" if document["changed"] else "Both are as they were stored.\n")
    readings = document["readings"]
    counted = [f"{number} {name}" for name, number in (readings["references"] | readings["by_exposure"]).items()]
    if document["references"]:
        click.echo(
            f"{len(document['references'])} references from {readings['readings']} readings: {', '.join(counted)}"
        )
        table("Readings by reader", ("reader", "readings"), list(readings["by_reader"].items()))
        rows = [_reference(one) for one in document["references"]]
        table("References", ("study", "projection", "side", "status", "reference", "readings"), rows)


def _link(one: Json) -> tuple[object, ...]:
    run, dataset = one["run"] or {}, one["dataset"] or {}
    learned = dataset and f"{dataset['id'][:SHORT]} ({dataset['projections'].get('train', 0)} train)"
    whose = (run.get("run"), run.get("requested_by"))
    return (one["model"], one["encoder"], one["code_version"], *whose, learned or None, one["start"])


def _reference(one: Json) -> tuple[object, ...]:
    readings = "; ".join(
        f"{reading['reader']} ({reading['exposure']}) {reading['regions_sha256'][:SHORT]}"
        for reading in one["readings"]
    )
    sha256 = one["reference_sha256"][:SHORT]
    return (one["study"], one["projection"], one["split"], one["status"], sha256, readings)
