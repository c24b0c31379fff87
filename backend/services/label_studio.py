"""Accounts inside Label Studio, made and checked with its own Python, which its API cannot do."""

import json
import subprocess
from collections.abc import Callable, Sequence

from backend.errors import ServiceError
from backend.labelstudio.accounts import ReaderAccount, accounts, accounts_file, data_folder, files_folder
from backend.labelstudio.project import ReaderProject
from backend.labelstudio.readers import set_up_readers
from backend.services.environment import SITE, label_studio_environment, label_studio_python
from backend.settings import Settings

SCRIPT_SECONDS = 300


def ensure_accounts(settings: Settings, names: Sequence[str]) -> dict[str, ReaderAccount]:
    """An organisation, a service account and a reader account for each name; those that exist stay as they are.

    Raises:
        ServiceError: Label Studio is not installed or its database cannot be used; quotes the reason.
    """
    missing = [name for name in names if name not in accounts(settings)]
    if missing or not data_folder(settings).is_dir():
        _run(settings, "ensure", *names)
    return accounts(settings)


def open_reading_room(settings: Settings, announce: Callable[[str], None] = lambda _: None) -> list[ReaderProject]:
    """Every reader of the settings with account, project, image folder and ML backend; to be called after `up`.

    Raises:
        ServiceError: Label Studio or the ML backend does not do its part.
    """
    missing = set(settings.readers) - set(accounts(settings))
    if missing:
        announce(f"making accounts in Label Studio for {', '.join(sorted(missing))}")
    ensure_accounts(settings, settings.readers)
    return set_up_readers(settings, settings.readers)


def standing_accounts(settings: Settings) -> list[ReaderAccount]:
    """Readers whose generated password still opens Label Studio.

    Raises:
        ServiceError: as `ensure_accounts`.
    """
    known = accounts(settings)
    return [known[name] for name in json.loads(_run(settings, "check"))] if known else []


def reset_reader(settings: Settings, email: str) -> str:
    """Gives a reader a new generated password in Label Studio, ends the reader's sessions there; returns it.

    Raises:
        ServiceError: as `ensure_accounts`, or the address is no reader's.
    """
    return str(json.loads(_run(settings, "reset", email))["password"])


def _run(settings: Settings, command: str, *names: str) -> str:
    for folder in (data_folder(settings), files_folder(settings)):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    arguments = [str(label_studio_python(settings)), str(SITE / "scintiloop_accounts.py"), command]
    try:
        done = subprocess.run(
            [*arguments, str(accounts_file(settings)), *names],
            env=label_studio_environment(settings),
            capture_output=True,
            text=True,
            check=True,
            timeout=SCRIPT_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ServiceError(f"Label Studio's accounts could not be made or changed: {last}") from None
    except subprocess.TimeoutExpired:
        raise ServiceError(f"Label Studio's accounts were not made or changed within {SCRIPT_SECONDS} s") from None
    return done.stdout
