"""The command group: every subcommand by name, loaded when asked for, errors as one sentence."""

import importlib
import json
from typing import Any

import click

from backend import __version__
from backend.cli.options import as_json_asked

COMMANDS = {
    "demo": "backend.cli.demo:demo",
    "up": "backend.cli.services:up",
    "down": "backend.cli.services:down",
    "status": "backend.cli.services:status",
    "accounts": "backend.cli.services:accounts",
    "set-up": "backend.cli.set_up:set_up",
    "phantom": "backend.cli.scans:phantom",
    "ingest": "backend.cli.scans:ingest",
    "worklist": "backend.cli.reading:worklist",
    "readings": "backend.cli.reading:readings",
    "readers": "backend.cli.readers:readers",
    "convert": "backend.cli.convert:convert",
    "agreement": "backend.cli.agreement:agreement",
    "dataset": "backend.cli.learning:dataset",
    "retrain": "backend.cli.learning:retrain",
    "pretrain": "backend.cli.pretrain:pretrain",
    "runs": "backend.cli.learning:runs",
    "models": "backend.cli.models:models",
    "evaluate": "backend.cli.models:evaluate",
    "predict": "backend.cli.models:predict",
}


class LazyGroup(click.Group):
    """Imports a subcommand only when it is called, so that help and light commands answer at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 (a traceback may carry patient data, and tells a user nothing)
            return _fail(ctx, error)


def _fail(context: click.Context, error: Exception) -> None:
    from backend.cli.failure import sentence  # noqa: PLC0415 (loads the database's part)

    words = sentence(error)
    if as_json_asked(context):
        click.echo(json.dumps({"error": words}))
    click.echo(f"scintiloop: {words}", err=True)
    context.exit(1)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: scintiloop demo --no-serve",
)
@click.version_option(__version__, prog_name="scintiloop")
def main() -> None:
    """From two readers' outlines on whole-body bone scans to a better model, and back.

    State lives under $SCINTILOOP_HOME (default: .scintiloop/ in the current folder).
    """
