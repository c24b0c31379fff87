"""Content-addressed files: what is written under a SHA-256 never changes and is never half there.

`blobs_of` is the store everyone works from (de-identified); `vault_of` keeps readers' files and scans as they arrived
and is open to the administrator's operating-system account only, because they may carry names.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from backend.errors import NotFound
from backend.settings import Settings


@dataclass(frozen=True)
class BlobStore:
    """A folder of blobs, each at `<first two hex digits>/<sha256>`."""

    folder: Path
    directory_mode: int = 0o755

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keeps `content`; returns its SHA-256. Writing the same content twice changes nothing."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        if target.exists():
            return sha256
        self.folder.mkdir(mode=self.directory_mode, parents=True, exist_ok=True)
        target.parent.mkdir(mode=self.directory_mode, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).chmod(self.directory_mode & 0o666)
            Path(partial).replace(target)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        return sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def get(self, sha256: str) -> bytes:
        """Raises: NotFound: no blob of that hash."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"blob {sha256} is missing from {self.folder.name}; restore it from a backup") from None


def blobs_of(settings: Settings) -> BlobStore:
    return BlobStore(settings.home / "blobs")


def vault_of(settings: Settings) -> BlobStore:
    return BlobStore(settings.home / "vault", directory_mode=0o700)
