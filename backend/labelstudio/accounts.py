"""The accounts that Scintiloop made in Label Studio, kept in one secret file."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from backend.errors import NotFound, SettingsError
from backend.settings import Settings

FILE = "label_studio_accounts.json"


@dataclass(frozen=True)
class ReaderAccount:
    """One reader's organisation: the reader's own log-in, and the service account that acts for Scintiloop there.

    Tokens are Label Studio's personal access tokens. `number` counts organisations; `user` is the reader's user id.
    """

    name: str
    number: int
    organisation: int
    email: str
    password: str
    user: int
    reader_token: str
    service_token: str

    @property
    def folder(self) -> str:
        """The reader's folder of images below Label Studio's document root."""
        return f"reader-{self.number}"


def data_folder(settings: Settings) -> Path:
    """Where Label Studio keeps its own database."""
    return settings.home.absolute() / "label_studio" / "data"


def files_folder(settings: Settings) -> Path:
    """Label Studio's document root: one folder of images per reader."""
    return settings.home.absolute() / "label_studio" / "files"


def accounts_file(settings: Settings) -> Path:
    return settings.accounts.absolute() / FILE


def accounts(settings: Settings) -> dict[str, ReaderAccount]:
    """Every reader's account by the reader's name; empty before the first `up`.

    Raises:
        SettingsError: the file is there but not usable.
    """
    path = accounts_file(settings)
    names = {field.name for field in fields(ReaderAccount)} - {"name"}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {name: ReaderAccount(name=name, **{key: kept[key] for key in names}) for name, kept in document.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path} cannot be read ({error!r}); remove it and run `scintiloop up` again") from None


def account_of(settings: Settings, reader: str) -> ReaderAccount:
    """Raises: NotFound: Label Studio has no account for this reader."""
    try:
        return accounts(settings)[reader]
    except KeyError:
        raise NotFound(
            f"reader {reader!r} has no account in Label Studio; add the name to SCINTILOOP_READERS, "
            "then run `scintiloop up`"
        ) from None
