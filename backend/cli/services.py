"""`scintiloop up`, `down`, `status`, `accounts`."""

import getpass
from typing import Any

import click

from backend.cli.options import json_option
from backend.cli.output import emit, open_home, table
from backend.services import lost_passwords, site
from backend.services.machine import ServiceStatus, startable
from backend.services.machine import down as stop_services
from backend.services.machine import status as service_status
from backend.settings import load_settings


@click.command(epilog="Example: scintiloop up")
@json_option
def up(as_json: bool) -> None:
    """Start every service on this machine and print the addresses and, the first time, the first log-ins."""
    startable(load_settings())  # what stands in the way is told before a home is made
    document = site.open_site(open_home(), announce=lambda sentence: click.echo(sentence, err=True))
    emit(document, as_json, _print_site)


@click.command(epilog="Example: scintiloop down")
@json_option
def down(as_json: bool) -> None:
    """Stop every service that `up` started."""
    left = stop_services(open_home(), announce=lambda sentence: click.echo(sentence, err=True))
    emit(_services(left), as_json, _print_services)


@click.command(epilog="Example: scintiloop status --json")
@json_option
def status(as_json: bool) -> None:
    """Show every service: its address, state and process."""
    emit(_services(service_status(open_home())), as_json, _print_services)


@click.group(invoke_without_command=True, epilog="Example: scintiloop accounts")
@json_option
@click.pass_context
def accounts(context: click.Context, as_json: bool) -> None:
    """List the accounts that `up` made and whose first password still stands."""
    if context.invoked_subcommand is None:
        emit({"accounts": site.standing_accounts(open_home())}, as_json, _print_accounts)


@accounts.command(epilog="Example: scintiloop accounts reset physician@scintiloop.local")
@click.argument("email")
@json_option
def reset(email: str, as_json: bool) -> None:
    """Give an account a new generated password, printed here: on the web pages and, for a reader, in Label Studio."""
    emit(lost_passwords.reset(open_home(), email, by=getpass.getuser()), as_json, _print_reset)


def _services(found: list[ServiceStatus]) -> dict[str, Any]:
    return {"services": [service.to_json() for service in found]}


def _print_services(document: dict[str, Any]) -> None:
    rows = [(one["name"], one["state"], one["url"], one["pid"]) for one in document["services"]]
    table("Services", ("name", "state", "address", "pid"), rows)


def _print_accounts(document: dict[str, Any]) -> None:
    rows = [(one["where"], one["role"], one["email"], one["password"]) for one in document["accounts"]]
    title = "Log-ins whose first password still stands (change those of the web pages)"
    table(title, ("where", "role", "e-mail", "password"), rows)


def _print_reset(document: dict[str, Any]) -> None:
    places = " and ".join(lost_passwords.PLACES[one] for one in document["places"])
    click.echo(f"the new password of {document['email']} for {places} is {document['password']}")
    if document["hint"]:
        click.echo(document["hint"])


def _print_site(document: dict[str, Any]) -> None:
    _print_services(document)
    if document["accounts"]:
        _print_accounts(document)
