"""Training under real workers: it survives them, ends when told, and keeps nobody waiting."""

from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import func, select

from backend.jobs import runs
from backend.jobs.dispatch import dispatch
from backend.jobs.steps import start
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import ModelVersion, Reference

pytestmark = [pytest.mark.services, pytest.mark.timeout(180)]

Until = Callable[..., None]


@pytest.fixture
def home(trainable: Settings, broker_settings: Settings) -> Settings:
    return broker_settings


def step(settings: Settings, run_id: str) -> int:
    return int((runs.find(settings, run_id).progress or {}).get("step", 0))


def test_a_worker_killed_in_mid_run_is_replaced_and_the_run_goes_on_and_finishes_once(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    run_id = start.start_training(home, "engineer")
    worker = start_worker(train_steps=14, checkpoint_steps=1)
    until(lambda: step(home, run_id) >= 3, what="the third step")
    family = psutil.Process(worker.pid).children(recursive=True)
    assert len(family) == 2
    worker.kill()
    until(lambda: not any(one.is_running() for one in family), what="the end of the worker's children")
    reached = step(home, run_id)
    seen: list[int] = []

    def ended() -> bool:
        seen.append(step(home, run_id))
        return runs.find(home, run_id).state in runs.ENDED

    start_worker(train_steps=14, checkpoint_steps=1)
    until(ended, 120, what="the end of the run")
    run = runs.find(home, run_id)
    assert (run.state, run.attempts, run.error) == ("done", 2, None)
    assert min(seen) >= reached, "the second attempt began at the checkpoint"
    with open_session(home) as session:
        assert session.scalar(select(func.count(ModelVersion.id))) == 1


def test_training_keeps_no_reading_waiting_and_ends_when_told(
    home: Settings,
    start_worker: Callable[..., psutil.Popen],
    until: Until,
    add_study: Callable[..., dict[str, int]],
    add_reading: Callable[..., int],
) -> None:
    first, second = (start.start_training(home, "engineer") for _ in range(2))
    start_worker("gpu", train_steps=2000)
    start_worker("default")
    until(lambda: step(home, first) >= 1, what="the first step")
    image = add_study("late", projections=("anterior",))["anterior"]
    for reader in (1, 2):
        add_reading(reader, image)
    dispatch(home, "settle")

    def settled() -> object:
        with open_session(home) as session:
            return session.scalars(select(Reference).where(Reference.image_id == image)).first()

    until(settled, what="the reference")
    assert (runs.find(home, first).state, runs.find(home, second).state) == ("running", "queued")
    runs.cancel(home, second, "engineer")
    runs.cancel(home, first, "engineer")
    until(lambda: runs.find(home, first).state == "cancelled", what="the end of the cancelled run")
    assert (runs.find(home, second).state, runs.find(home, second).attempts) == ("cancelled", 0)


def test_a_run_that_always_kills_its_worker_ends_as_failed(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    run_id = start.start_training(home, "engineer")
    worker = psutil.Process(start_worker(train_steps=2000, train_attempts=2).pid)
    for attempt in (1, 2):
        until(lambda attempt=attempt: runs.find(home, run_id).attempts == attempt, what=f"attempt {attempt}")
        until(lambda: len(worker.children(recursive=True)) == 2, what="the training program")
        worker.children()[0].kill()
    until(lambda: runs.find(home, run_id).state == "failed", what="the end of the run")
    assert "its worker died 2 times" in (runs.find(home, run_id).error or "")


def test_a_worker_told_to_stop_gives_its_run_back(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    run_id = start.start_training(home, "engineer")
    worker = start_worker(train_steps=2000)
    until(lambda: step(home, run_id) >= 1, what="the first step")
    worker.terminate()
    worker.wait(30)
    run = runs.find(home, run_id)
    assert (run.state, run.attempts) == ("queued", 0)


def test_a_run_whose_data_cannot_be_used_fails_with_the_reason(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    run_id = start.start_training(home, "engineer", encoder="resnet1001")
    start_worker()
    until(lambda: runs.find(home, run_id).state == "failed", what="the failure")
    assert "resnet1001" in (runs.find(home, run_id).error or "")
    assert runs.find(home, run_id).attempts == 1
