"""One process of a home at a time, for work that must not be done twice at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.settings import Settings


@contextmanager
def one_at_a_time(settings: Settings, work: str, *, wait: bool) -> Iterator[bool]:
    """Holds the home's lock on `work`; freed with the block, and by the system where the process dies.

    Args:
        wait: until another process is done; otherwise False is given where one is at it.
    """
    with locked(settings.home / "run" / f"{work}.lock", wait=wait) as held:
        yield held


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Holds the lock on a file, which is made where there is none; as `one_at_a_time`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except BlockingIOError:
            held = False
        yield held
