"""Folders that a command writes for the person who asked: whole, or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.errors import Refused


def check_new(directory: Path) -> None:
    """Raises: Refused: the directory holds something already, or is a file."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(f"{directory} is not an empty folder; name a new one, so that nothing in it is overwritten")


@contextmanager
def new_folder(directory: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `directory` when the block ends well and vanishes when it does not.

    Raises:
        Refused: the directory holds something already, or is a file.
    """
    check_new(directory)
    directory.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.absolute().parent))
    try:
        yield partial
        partial.chmod(0o755)
        partial.replace(directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
