"""`scintiloop set-up`: the steps that a department server takes once, before its services start; safe to repeat."""

import click

from backend.cli.options import json_option
from backend.cli.output import emit, open_home
from backend.labelstudio.readers import set_up_readers
from backend.services.site import make_reader_accounts
from backend.store.accounts import create_first_accounts


@click.group(epilog="Example: scintiloop set-up database")
def set_up() -> None:
    """Prepare a server whose services someone else starts (docker-compose.yml does both)."""


@set_up.command(epilog="Example: scintiloop set-up database")
@json_option
def database(as_json: bool) -> None:
    """Bring the database to this version's tables and make the first log-ins to the web pages."""
    standing = [account["email"] for account in create_first_accounts(open_home())]
    emit({"accounts": standing}, as_json, lambda done: click.echo(f"database ready; {_to_change(done['accounts'])}"))


@set_up.command("reading-room", epilog="Example: scintiloop set-up reading-room")
@json_option
def reading_room(as_json: bool) -> None:
    """Make every reader's project in a Label Studio that runs and knows the readers' accounts."""
    settings = open_home()
    projects = set_up_readers(settings, settings.readers)
    make_reader_accounts(settings, [project.account for project in projects])
    ready = [{"reader": one.account.name, "project": one.id, "email": one.account.email} for one in projects]
    emit({"readers": ready}, as_json, lambda done: click.echo(f"{len(done['readers'])} readers' projects are ready"))


def _to_change(emails: list[str]) -> str:
    # no password goes into a log that outlives the password
    return (
        f"passwords to change: {', '.join(emails)} (`scintiloop accounts` shows them)" if emails else "no new log-ins"
    )
