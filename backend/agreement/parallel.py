"""The same work on many things, by as many processes as wanted."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

CHUNK = 64
WORTH_A_PROCESS = 4 * CHUNK
"""Fewer things are done sooner than a process starts."""


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(work: Callable[[Thing], Made], things: Sequence[Thing], processes: int | None = None) -> Iterator[Made]:
    """`work` of every thing, in their order.

    Args:
        work: a function of a module, or a `partial` of one; it and the things are pickled.
        processes: how many; one for each core where None. With 1, or few things, none is started; a daemon, which may
            start none, gives 1.
    """
    wanted = min(usable_cores() if processes is None else processes, -(-len(things) // CHUNK))
    if wanted < 2 or len(things) < WORTH_A_PROCESS or multiprocessing.current_process().daemon:
        yield from map(work, things)
        return
    # started anew, because a fork copies the locks of a parent that has threads
    with ProcessPoolExecutor(wanted, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, things, chunksize=CHUNK)
