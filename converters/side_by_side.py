"""Work on many items in several processes, with the results in the order of the items and few of them in memory."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Items per process that are under way or wait for their turn."""


def in_order(
    items: Iterable[Item], work: Callable[[Item], Result], jobs: int, module: str
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` makes of it; with one job, in this process.

    Args:
        items: taken as they are needed.
        work: a function that other processes can import.
        jobs: how many processes.
        module: imported once for all of them.

    Raises:
        BrokenProcessPool: a process ended unasked, for example for want of memory.
    """
    if jobs == 1:
        yield from ((item, work(item)) for item in items)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        under_way: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            under_way.append((item, pool.submit(work, item)))
            if len(under_way) >= AHEAD * jobs:
                yield _finished(under_way)
        while under_way:
            yield _finished(under_way)


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _finished(under_way: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = under_way.popleft()
    return item, future.result()
