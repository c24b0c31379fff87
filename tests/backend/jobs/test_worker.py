"""Training under real workers: it survives them, ends when told, and keeps nobody waiting."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import save
from sqlalchemy import func, select

from backend.jobs import devices, runs
from backend.jobs.dispatch import dispatch
from backend.jobs.run_log import run_log
from backend.jobs.steps import start
from backend.model.networks import CPU_ENCODER
from backend.settings import Settings
from backend.store.accounts import create_first_accounts
from backend.store.session import open_session
from backend.store.tables import ModelVersion, Reference
from backend.web.app import create_app

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


def test_a_run_whose_start_cannot_be_used_fails_with_the_reason(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until, tmp_path: Path
) -> None:
    card = json.dumps({"architecture": {"encoder": CPU_ENCODER}})
    (tmp_path / "start.safetensors").write_bytes(save({"weight": torch.zeros(1)}, metadata={"card": card}))
    run_id = start.start_training(home, "engineer", start=str(tmp_path / "start.safetensors"))
    start_worker()
    until(lambda: runs.find(home, run_id).state == "failed", what="the failure")
    assert "names no architecture" in (runs.find(home, run_id).error or "")
    assert runs.find(home, run_id).attempts == 1


def test_two_workers_never_train_on_one_device_at_once(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    first = start.start_training(home, "engineer")
    one = start_worker(train_steps=2000)
    until(lambda: step(home, first) >= 1, what="the first step")
    second = start.start_training(home, "engineer")
    other = start_worker(train_steps=2000)
    until(lambda: "waits_for" in (runs.find(home, second).machine or {}), what="the second run's waiting")
    waiting = runs.find(home, second)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    until(lambda: len(trainings(one, other)) == 1, what="the end of the program that found its device taken")
    runs.cancel(home, first, "engineer")
    until(lambda: step(home, second) >= 1, what="the second run's first step")
    assert (runs.find(home, first).state, runs.find(home, second).attempts) == ("cancelled", 1)
    assert len(trainings(one, other)) == 1
    runs.cancel(home, second, "engineer")
    until(lambda: not trainings(one, other), what="the end of every training")


def test_a_run_that_waits_for_its_device_can_be_cancelled(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    run_id = start.start_training(home, "engineer")
    with devices.held(home, devices.devices_here()) as mine:
        assert mine
        start_worker()
        until(lambda: "waits_for" in (runs.find(home, run_id).machine or {}), what="the waiting")
        assert runs.cancel(home, run_id, "engineer") == "cancelled"
    with pytest.raises(AssertionError):
        until(lambda: runs.find(home, run_id).attempts > 0, 5, what="another attempt")


def test_cancel_on_the_page_ends_the_training_program(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    client = create_app(home).test_client()
    account = next(one for one in create_first_accounts(home) if one["role"] == "engineer")

    def post(path: str, on: str, **form: str) -> None:
        found = re.search(r'name="form_token" value="([^"]+)"', client.get(on).text)
        assert found
        assert client.post(path, data=form | {"form_token": found[1]}).status_code == 302

    post("/login", "/login", email=account["email"], password=account["password"])
    run_id = start.start_training(home, "engineer")
    worker = start_worker(train_steps=2000, checkpoint_steps=1)
    until(lambda: step(home, run_id) >= 1, what="the first step")
    assert (home.home / "runs" / run_id).exists()
    post(f"/runs/{run_id}/cancel", f"/runs/{run_id}")
    until(lambda: runs.find(home, run_id).state == "cancelled", what="the end of the run")
    assert trainings(worker) == []
    until(lambda: not (home.home / "runs" / run_id).exists(), what="the end of its checkpoint")
    until(lambda: "attempt 1 is cancelled" in client.get(f"/runs/{run_id}/log").text, what="the last line of the log")


def test_a_training_killed_at_any_moment_ends_with_the_weights_of_one_that_was_left_alone(
    home: Settings, start_worker: Callable[..., psutil.Popen], until: Until
) -> None:
    whole, broken = (start.start_training(home, "engineer", steps=12) for _ in range(2))
    worker = start_worker(checkpoint_steps=3, train_attempts=9)
    until(lambda: runs.find(home, whole).state == "done", 150, what="the run that is left alone")
    told = []
    for moment in (0, 5, "classifier", "evaluation"):
        until(lambda moment=moment: has_reached(home, broken, moment), 150, what=f"the moment {moment}")
        if runs.find(home, broken).state in runs.ENDED:
            break
        until(lambda: trainings(worker), what="the training program")
        told.append(step(home, broken))
        trainings(worker)[0].kill()
        until(lambda: runs.find(home, broken).attempts == len(told) + 1, what="the next attempt")
    until(lambda: runs.find(home, broken).state in runs.ENDED, 150, what="the end of the broken run")
    ended = runs.find(home, broken)
    assert (ended.state, ended.error) == ("done", None)
    assert ended.attempts == len(told) + 1 >= 4
    assert ended.model_id == runs.find(home, whole).model_id, "a model's id is the hash of its weights"
    for reached, resumed in zip(told, first_steps(home, broken)[1:], strict=True):
        assert resumed is None or resumed >= reached - 3, "no more is redone than lies between two checkpoints"


def has_reached(settings: Settings, run_id: str, moment: int | str) -> bool:
    """Whether a run trains and has told of this step, or is in this phase; or whether it has ended."""
    run = runs.find(settings, run_id)
    progress = run.progress or {"step": 0, "phase": None}
    there = progress["step"] >= moment if isinstance(moment, int) else progress["phase"] == moment
    return run.state in runs.ENDED or (run.state == "running" and there)


def first_steps(settings: Settings, run_id: str) -> list[int | None]:
    """For every attempt the number of steps that it found done; None for one that did no step."""
    attempts = run_log(settings, run_id).read_text().split(" begins\n")[1:]
    found = [re.search(r"goes on from step (\d+)", attempt) for attempt in attempts]
    return [int(match[1]) if match else None for match in found]


def trainings(*workers: psutil.Popen) -> list[psutil.Process]:
    """The training programs of these workers."""
    children = [one for worker in workers for one in psutil.Process(worker.pid).children(recursive=True)]
    return [one for one in children if one.is_running() and "backend.jobs.training_child" in one.cmdline()]
