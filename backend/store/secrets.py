"""Secrets: made once, kept in files that only their owner reads, or given as files by the administrator."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Literal

from backend.errors import SettingsError
from backend.settings import Settings

SecretName = Literal[
    "test_key",
    "web_session",
    "ml_backend_password",
    "label_studio_admin_password",
    "label_studio_admin_token",
    "label_studio_key",
]
"""`test_key` decides who is sequestered and hashes file names; it is in the backup and never changes."""


def secret(settings: Settings, name: SecretName) -> str:
    """The secret of that name, made now if this home has none yet.

    Raises:
        SettingsError: the file is there but empty or unreadable, or may not be made.
    """
    path = settings.secrets / name
    try:
        if not path.exists():
            write_secret(settings, name, secrets.token_urlsafe(32))
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"secret file {path} cannot be used: {error.strerror}; make it readable") from None
    if not value:
        raise SettingsError(f"secret file {path} is empty; put a value in it or remove it")
    return value


def write_secret(settings: Settings, name: SecretName, value: str) -> None:
    """Writes a secret unless it exists; of two writers at once the first wins."""
    settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.secrets / name
    partial = Path(f"{path}.{os.getpid()}")
    partial.touch(mode=0o600)
    try:
        partial.write_text(value, encoding="utf-8")
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def keyed_digest(settings: Settings, purpose: str, text: str) -> str:
    """HMAC-SHA256 (hex) under the home's key; `purpose` keeps uses apart."""
    key = secret(settings, "test_key").encode()
    return hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()
