"""`scintiloop readers`: who reads, who has left, and who is asked for a third reading."""

import getpass
from typing import Any

import click

from backend.cli.options import json_option
from backend.cli.output import emit, moment, open_home, table

SHARE_HELP = "Part of a full workload, above 0 and at most 1."


@click.group(invoke_without_command=True, epilog="Example: scintiloop readers --json")
@json_option
@click.pass_context
def readers(context: click.Context, as_json: bool) -> None:
    """Readers, their expertise and workload, and the studies that lack a reader."""
    if context.invoked_subcommand is None:
        from backend.worklist.overview import overview  # noqa: PLC0415 (loads the database's part)

        emit(overview(open_home()), as_json, _print_overview)


@readers.command("add", epilog='Example: scintiloop readers add "reader 3" --expert --share 0.5')
@click.argument("name")
@click.option("--expert", is_flag=True, help="One of the two readers of a study is an expert.")
@click.option("--share", type=float, default=1.0, show_default=True, help=SHARE_HELP)
@json_option
def add_reader(name: str, expert: bool, share: float, as_json: bool) -> None:
    """Make a reader known who draws in Labelme; readers in Label Studio are named by the setting `readers`."""
    from backend.jobs.steps import worklists  # noqa: PLC0415

    document = worklists.add(open_home(), name, getpass.getuser(), expert=expert, share=share)
    emit(document, as_json, lambda done: click.echo(f"{name} reads from now on, {done['assigned']} studies assigned"))


@readers.command("set", epilog='Example: scintiloop readers set "reader 2" --expert --share 0.5')
@click.argument("name")
@click.option("--expert/--no-expert", default=None, help="Whether the reader is an expert.")
@click.option("--share", type=float, help=SHARE_HELP)
@json_option
def set_reader(name: str, expert: bool | None, share: float | None, as_json: bool) -> None:
    """Change a reader's expertise or workload; studies assigned already stay where they are."""
    from backend.jobs.steps import worklists  # noqa: PLC0415

    document = worklists.change(open_home(), name, getpass.getuser(), expert=expert, share=share)
    emit(document, as_json, lambda _: click.echo(f"{name} is changed; it holds for the studies assigned from now on"))


@readers.command("leave", epilog='Example: scintiloop readers leave "reader 2"')
@click.argument("name")
@json_option
def leave(name: str, as_json: bool) -> None:
    """Hand over what a reader has not begun: other readers take it, and its exposure."""
    from backend.jobs.steps import worklists  # noqa: PLC0415

    emit(worklists.leave(open_home(), name, getpass.getuser()), as_json, _print_left)


@readers.command("return", epilog='Example: scintiloop readers return "reader 2"')
@click.argument("name")
@json_option
def come_back(name: str, as_json: bool) -> None:
    """Give studies to a reader who had left."""
    from backend.jobs.steps import worklists  # noqa: PLC0415

    document = worklists.come_back(open_home(), name, getpass.getuser())
    emit(document, as_json, lambda done: click.echo(f"{name} reads again, {done['assigned']} studies assigned"))


@readers.command("third", epilog="Example: scintiloop readers third 0a1b2c3d4e5f6071")
@click.argument("study")
@json_option
def third(study: str, as_json: bool) -> None:
    """Put a study (by its token) before a third reader, who reads it blind."""
    from backend.jobs.steps import worklists  # noqa: PLC0415

    document = worklists.request_third(open_home(), study, getpass.getuser())
    emit(document, as_json, lambda done: click.echo(f"{done['reader']} reads study {study} as the third reader"))


def _print_overview(document: dict[str, Any]) -> None:
    rows = [
        (
            one["reader"],
            "expert" if one["expert"] else None,
            f"{one['share']:g}",
            one["assigned"],
            one["read"],
            one["left"],
            f"left {moment(one['left_at'])}" if one["left_at"] else "reads",
        )
        for one in document["readers"]
    ]
    table("Readers", ("reader", "expertise", "share", "assigned", "read", "to read", "state"), rows)
    table("Studies that lack a reader", ("study",), [(token,) for token in document["lacking"]])


def _print_left(document: dict[str, Any]) -> None:
    click.echo(
        f"{document['reader']} has left: {document['released']} studies taken back, {document['assigned']} of them "
        f"given to others; {document['begun']} that were begun stay"
    )
