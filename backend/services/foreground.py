"""Services for as long as a block of a command runs: they end with it, also at Ctrl-C or when the terminal is lost."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from backend.services.machine import Announce, down
from backend.settings import Settings

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_services(settings: Settings, announce: Announce = lambda _: None) -> Iterator[None]:
    """Ends every service of this home when the block ends, however it ends.

    SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the block; the command goes on once everything is down.
    """
    before = {number: signal.getsignal(number) for number in ENDING}
    for number, handler in before.items():
        # whoever runs a command under nohup wants it to survive the terminal
        if number != signal.SIGHUP or handler != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        # a second Ctrl-C must not leave half the services running
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        down(settings, announce)
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
