"""The whole site of one machine: services, readers' projects, first log-ins."""

from collections.abc import Iterable
from typing import Any

from backend.labelstudio.accounts import ReaderAccount
from backend.labelstudio.accounts import accounts as label_studio_accounts
from backend.services import machine
from backend.services.label_studio import open_reading_room
from backend.services.label_studio import standing_accounts as standing_readers
from backend.services.machine import Announce
from backend.settings import Settings
from backend.store.accounts import create_first_accounts, create_reader_account, generated_accounts, verify
from backend.store.accounts import standing_accounts as standing_staff


def open_site(settings: Settings, announce: Announce = lambda _: None) -> dict[str, Any]:
    """Starts every service and makes the readers' projects and the first accounts; doing it again changes nothing.

    Returns:
        `{"services": [...], "accounts": [...]}` as `scintiloop status` and `scintiloop accounts` give them.

    Raises:
        ServiceError: a service, or this machine, does not do its part.
    """
    create_first_accounts(settings)
    services = machine.up(settings, announce=announce)
    make_reader_accounts(settings, [project.account for project in open_reading_room(settings, announce)])
    return {"services": [service.to_json() for service in services], "accounts": standing_accounts(settings)}


def make_reader_accounts(settings: Settings, readers: Iterable[ReaderAccount]) -> None:
    """An account for each reader's own page, under the words of the reader's first log-in to Label Studio."""
    for one in readers:
        create_reader_account(settings, one.name, one.email, one.password)


def standing_accounts(settings: Settings) -> list[dict[str, str]]:
    """Accounts whose first password still stands: `where`, `role`, `email`, `password`."""
    readers = [
        {"where": "label_studio", "role": "reader", "email": account.email, "password": account.password}
        for account in standing_readers(settings)
    ]
    return readers + standing_staff(settings) + _standing_reader_pages(settings)


def _standing_reader_pages(settings: Settings) -> list[dict[str, str]]:
    # their first password is kept once, with Label Studio's accounts
    passwords = {account.email: account.password for account in label_studio_accounts(settings).values()}
    return [
        {"where": "web", "role": "reader", "email": row.email, "password": passwords[row.email]}
        for row in generated_accounts(settings)
        if row.email in passwords and verify(settings, row.email, passwords[row.email])
    ]
