"""The same work by as many processes as wanted."""

import os
from functools import partial
from typing import Any

import pytest

from backend.agreement import parallel
from backend.agreement.parallel import each

# what the processes do must be found by them too, and tests are not
process_of = partial(eval, "(thing, __import__('os').getpid())")


def things(count: int) -> list[dict[str, Any]]:
    return [{"thing": thing} for thing in range(count)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "CHUNK", 2)
    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 6)


def test_results_come_in_the_order_of_the_things_whoever_did_them() -> None:
    found = list(each(process_of, things(12), 2))
    assert [thing for thing, _ in found] == list(range(12))
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize(("count", "processes"), [(12, 1), (5, 2), (0, None)], ids=["one process", "few", "nothing"])
def test_what_is_not_worth_a_process_is_done_here(count: int, processes: int | None) -> None:
    assert list(each(process_of, things(count), processes)) == [(thing, os.getpid()) for thing in range(count)]


def test_a_daemon_which_may_start_no_process_does_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Daemon:
        daemon = True

    monkeypatch.setattr(parallel.multiprocessing, "current_process", Daemon)
    assert {process for _, process in each(process_of, things(12), 2)} == {os.getpid()}
