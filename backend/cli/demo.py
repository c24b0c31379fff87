"""`scintiloop demo`: the whole loop on simulated studies, told as it goes, then served."""

import sys
import time
from contextlib import AbstractContextManager, suppress
from typing import Any

import click

from backend.cli.options import json_option
from backend.cli.output import Advance, difference, emit, figure, progress_bar, table
from backend.settings import load_settings

DEFAULT_STUDIES = 72
DEFAULT_SEED = 7
EARLIER = ("the one it came with", "first model")
"""The models before the last one, by round."""
INTERRUPTED = 130
"""Exit status of a command that Ctrl-C ended."""


class _Teller:
    """Sentences and bars on standard error."""

    def say(self, sentence: str) -> None:
        click.echo(f"· {sentence}", err=True)

    def progress(self, title: str) -> AbstractContextManager[Advance]:
        self.say(title)
        return progress_bar(title)


@click.command(epilog="Example: scintiloop demo --studies 72 --no-serve")
@click.option("--studies", type=click.IntRange(min=1), default=DEFAULT_STUDIES, show_default=True)
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Same seed, same studies and readers.")
@click.option("--no-serve", is_flag=True, help="Stop every service when the loop is done.")
@json_option
def demo(studies: int, seed: int, no_serve: bool, as_json: bool) -> None:
    """The whole loop on phantom studies with simulated readers, every other part the real one."""
    from backend.services.demonstration import demonstrate  # noqa: PLC0415 (loads the phantom, an extra)

    try:
        with demonstrate(load_settings(seed=seed), studies, seed, _Teller()) as summary:
            emit(summary, as_json, _print_summary)
            if not no_serve:
                _serve()
    except KeyboardInterrupt:
        click.echo("the demo was stopped before its end, its services too; run it again to start anew", err=True)
        sys.exit(INTERRUPTED)


def _serve() -> None:
    sys.stdout.flush()
    click.echo("serving until Ctrl-C", err=True)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def _print_summary(document: dict[str, Any]) -> None:
    click.echo(f"\nThe loop, twice around, in {document['seconds']:.0f} s\n")
    for one in document["rounds"]:
        _print_round(one)
    _print_models(document.get("compared", []))
    cases = document["cases"]
    click.echo(f"{cases['projections']} projections of {cases['studies']} new studies wait for a physician's decision")
    for one in document["next"]["readers"]:
        click.echo(f"{one['reader']}: {one['pre_annotated']} new studies pre-annotated by {one['model']}")
    services = [(one["name"], one["state"], one["url"]) for one in document["site"]["services"]]
    table("Services", ("name", "state", "address"), services)
    accounts = [(one["where"], one["role"], one["email"], one["password"]) for one in document["site"]["accounts"]]
    table("Log-ins", ("where", "role", "e-mail", "password"), accounts)


def _print_models(compared: list[dict[str, Any]]) -> None:
    """The second model and those before it, on the same patients; a demo of an earlier release did not compare."""
    rows: list[tuple[object, ...]] = []
    for label, last in compared[0]["dice"].items() if compared else ():
        rows.append((label, "second model", figure(last["challenger"]), None))
        for one in compared:
            row = one["dice"][label]
            rows.append(("", EARLIER[one["round"]], figure(row["champion"]), difference(row["difference"])))
    title = "Dice on the same test patients, mean over projections that hold the label, 95 % interval"
    table(title, ("label", "model", "Dice", "gain of the second"), rows)


def _print_round(one: dict[str, Any]) -> None:
    references = ", ".join(f"{n} {status}" for status, n in one["references"].items())
    run = one["run"]
    click.echo(f"round {one['round']}: {one['studies']} studies, each read by two readers")
    click.echo(f"  {one['readings']} readings; {one['pre_annotated']} tasks came with a model's outlines")
    click.echo(f"  the physician decided on {one['adjudicated']} projections")
    click.echo(f"  references now: {references}")
    click.echo(f"  model {run['model']}: the gate says {run['verdict']} – {run['reason']}")
    click.echo(f"  promoted: {one['promoted']}\n" if one["promoted"] else "  not promoted\n")
