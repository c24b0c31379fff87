"""Services for as long as a command runs: up on entry, down on the way out, also at Ctrl-C or a polite kill."""

import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType

from backend.services.machine import Announce, ServiceStatus, down, up
from backend.settings import Settings


@contextmanager
def serving(
    settings: Settings, only: Collection[str] | None = None, announce: Announce = lambda _: None
) -> Iterator[list[ServiceStatus]]:
    """Yields the services' status; SIGTERM and SIGINT end the block with KeyboardInterrupt, once everything is down.

    Raises:
        ServiceError: as `up`; what had been started is stopped again.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield up(settings, only, announce)
    finally:
        # a second Ctrl-C must not leave half the services running
        patience = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        down(settings, announce)
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, patience[signal.SIGINT])


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
