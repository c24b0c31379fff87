"""The whole site of one machine: services, readers' projects, first log-ins."""

from typing import Any

from backend.services import machine
from backend.services.label_studio import open_reading_room
from backend.services.label_studio import standing_accounts as standing_readers
from backend.services.machine import Announce
from backend.settings import Settings
from backend.store.accounts import create_first_accounts
from backend.store.accounts import standing_accounts as standing_staff


def open_site(settings: Settings, announce: Announce = lambda _: None) -> dict[str, Any]:
    """Starts every service and makes the readers' projects and first accounts; doing it again changes nothing.

    Returns:
        `{"services": [...], "accounts": [...]}` as `scintiloop status` and `scintiloop accounts` give them.

    Raises:
        ServiceError: a service, or this machine, does not do its part.
    """
    create_first_accounts(settings)
    services = machine.up(settings, announce=announce)
    open_reading_room(settings, announce)
    return {"services": [service.to_json() for service in services], "accounts": standing_accounts(settings)}


def standing_accounts(settings: Settings) -> list[dict[str, str]]:
    """Accounts whose generated password still stands: `where`, `role`, `email`, `password`."""
    readers = [
        {"where": "label_studio", "role": "reader", "email": account.email, "password": account.password}
        for account in standing_readers(settings)
    ]
    return readers + standing_staff(settings)
