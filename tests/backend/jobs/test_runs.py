"""What a training run may become, and who may say so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from backend.errors import NotFound, WrongState
from backend.jobs import runs
from backend.records import Verdict
from backend.settings import Settings
from backend.store.session import engine_for, open_session
from backend.store.tables import Base, DatasetVersion, ModelVersion, Run, now

DATASET = "d" * 64


@pytest.fixture
def run_id(settings: Settings) -> str:
    with open_session(settings) as session:
        session.add(DatasetVersion(id=DATASET, manifest={"members": []}))
    return runs.request_run(settings, "engineer@hospital", DATASET, encoder="resnet18")


def test_a_requested_run_waits_with_its_options(settings: Settings, run_id: str) -> None:
    shown = runs.show(runs.find(settings, run_id))
    assert (shown["state"], shown["dataset"], shown["options"]) == ("queued", DATASET, {"encoder": "resnet18"})
    assert (shown["model"], shown["verdict"], shown["reason"], shown["dice"]) == (None, None, None, {})


def test_a_run_on_an_unknown_dataset_is_refused(settings: Settings) -> None:
    with pytest.raises(NotFound, match="dataset version nowhere"):
        runs.request_run(settings, "me", "nowhere")


def test_each_claim_is_another_attempt_and_outdates_the_one_before(settings: Settings, run_id: str) -> None:
    first = runs.claim(settings, run_id)
    second = runs.claim(settings, run_id)
    assert (first, second) == (1, 2)
    assert runs.beat(settings, run_id, 1) == "leave"
    assert runs.beat(settings, run_id, 2) == "carry on"
    runs.advance(settings, run_id, 1, {"step": 99, "steps": 100})
    runs.fail(settings, run_id, 1, "said the dead")
    assert runs.find(settings, run_id).progress is None
    assert runs.find(settings, run_id).state == "running"


def test_a_run_that_killed_all_its_workers_ends_with_a_sentence(settings: Settings, run_id: str) -> None:
    for _ in range(settings.train_attempts):
        assert runs.claim(settings, run_id)
    assert runs.claim(settings, run_id) is None
    shown = runs.show(runs.find(settings, run_id))
    assert shown["state"] == "failed"
    assert f"its worker died {settings.train_attempts} times" in shown["reason"]


def test_an_orderly_stop_is_no_attempt(settings: Settings, run_id: str) -> None:
    for _ in range(settings.train_attempts + 2):
        attempt = runs.claim(settings, run_id)
        assert attempt == 1
        runs.release(settings, run_id, attempt)
    assert runs.find(settings, run_id).state == "queued"


def test_waiting_for_a_device_is_no_attempt_and_ends_with_the_next_claim(settings: Settings, run_id: str) -> None:
    attempt = runs.claim(settings, run_id) or 0
    runs.wait_for(settings, run_id, attempt, ["gpu-7"])
    assert runs.beat(settings, run_id, attempt) == "carry on", "it ends by itself"
    assert (runs.find(settings, run_id).state, runs.find(settings, run_id).attempts) == ("queued", 0)
    assert runs.waits_for(settings, run_id) == ["gpu-7"]
    assert runs.claim(settings, run_id) == 1
    assert runs.waits_for(settings, run_id) == []


def test_a_run_that_is_cancelled_while_it_waits_for_a_device_waits_for_none(settings: Settings, run_id: str) -> None:
    runs.wait_for(settings, run_id, runs.claim(settings, run_id) or 0, ["gpu-7"])
    assert runs.cancel(settings, run_id, "me") == "cancelled"
    assert runs.waits_for(settings, run_id) == []
    assert runs.beat(settings, run_id, 1) == "leave"


def test_a_sign_of_life_may_tell_what_is_used_of_the_machine(settings: Settings, run_id: str) -> None:
    attempt = runs.claim(settings, run_id) or 0
    runs.beat(settings, run_id, attempt, {"processors": 1.5})
    runs.beat(settings, run_id, attempt)
    assert runs.show(runs.find(settings, run_id))["machine"] == {"processors": 1.5}
    runs.release(settings, run_id, attempt)
    assert runs.find(settings, run_id).machine is None


def test_runs_that_were_asked_for_before_and_have_not_ended_are_counted(settings: Settings, run_id: str) -> None:
    later = runs.request_run(settings, "me", DATASET)
    assert [runs.before(settings, runs.find(settings, one)) for one in (run_id, later)] == [0, 1]
    runs.cancel(settings, run_id, "me")
    assert runs.before(settings, runs.find(settings, later)) == 0


def test_a_queued_run_is_cancelled_at_once_and_never_claimed(settings: Settings, run_id: str) -> None:
    assert runs.cancel(settings, run_id, "me") == "cancelled"
    assert runs.claim(settings, run_id) is None
    with pytest.raises(WrongState, match="it is cancelled"):
        runs.cancel(settings, run_id, "me")


def test_a_running_run_is_told_to_cancel_with_its_next_heartbeat(settings: Settings, run_id: str) -> None:
    attempt = runs.claim(settings, run_id) or 0
    assert runs.cancel(settings, run_id, "me") == "running"
    assert runs.beat(settings, run_id, attempt) == "cancel"
    runs.stop(settings, run_id, attempt)
    assert runs.find(settings, run_id).state == "cancelled"


def test_a_cancelled_run_whose_worker_died_is_not_taken_up_again(settings: Settings, run_id: str) -> None:
    runs.claim(settings, run_id)
    runs.cancel(settings, run_id, "me")
    assert runs.claim(settings, run_id) is None
    assert runs.find(settings, run_id).state == "cancelled"


def test_a_run_finishes_once(settings: Settings, run_id: str) -> None:
    attempt = runs.claim(settings, run_id) or 0
    with open_session(settings) as session:
        session.add(ModelVersion(id="m" * 12, weights_sha256="w" * 64, card={}, code_version="1"))
    figure = {"value": 0.7, "low": 0.6, "high": 0.8, "n": 9}
    dice = {"metastasis": {"challenger": figure, "champion": None, "difference": None}}
    outcome = runs.Outcome("m" * 12, Verdict("promote", "the first model"), dice)
    assert runs.finish(settings, run_id, attempt, outcome)
    assert not runs.finish(settings, run_id, attempt, outcome)
    shown = runs.show(runs.find(settings, run_id))
    wanted = ("done", "m" * 12, "promote", "the first model", dice)
    assert tuple(shown[key] for key in ("state", "model", "verdict", "reason", "dice")) == wanted


def test_who_has_ended_a_run_is_left_to_tidy_up(settings: Settings, run_id: str) -> None:
    attempt = runs.claim(settings, run_id) or 0
    runs.fail(settings, run_id, attempt, "the disk is full")
    assert runs.beat(settings, run_id, attempt) == "carry on"
    assert runs.beat(settings, run_id, attempt - 1) == "leave"


def test_the_curve_keeps_at_most_its_limit_and_always_the_newest_point(settings: Settings, run_id: str) -> None:
    points: list[object] = []
    for step in range(3 * runs.MAX_POINTS):
        points = runs.decimated([*points, step])
        assert len(points) <= runs.MAX_POINTS
        assert points[-1] == step
    attempt = runs.claim(settings, run_id) or 0
    runs.advance(settings, run_id, attempt, {"step": 1, "steps": 2})
    found = runs.find(settings, run_id)
    assert found.points == [found.progress] == [{"step": 1, "steps": 2}]


def test_an_attempt_that_goes_back_to_a_checkpoint_draws_its_part_of_the_curve_anew(
    settings: Settings, run_id: str
) -> None:
    attempt = runs.claim(settings, run_id) or 0
    for step in (1, 2, 3, 2, 3, 4, 4):
        runs.advance(settings, run_id, attempt, {"step": step, "steps": 4})
    assert [point["step"] for point in runs.find(settings, run_id).points] == [1, 2, 3, 4]


def test_only_runs_without_any_sign_of_life_are_abandoned(settings: Settings, run_id: str) -> None:
    assert runs.abandoned(settings, 600) == []
    with open_session(settings) as session:
        session.get_one(Run, run_id).created = now() - timedelta(seconds=700)
    assert runs.abandoned(settings, 600) == [run_id]
    assert runs.abandoned(settings, 600) == [], "being found counts as a sign of life"


def claims_at_once(settings: Settings, run_id: str) -> list[int]:
    patient = settings.model_copy(update={"train_attempts": 20})
    with ThreadPoolExecutor(8) as pool:
        return sorted(attempt or 0 for attempt in pool.map(lambda _: runs.claim(patient, run_id), range(16)))


def test_of_many_claims_at_once_every_one_gets_its_own_attempt(settings: Settings, run_id: str) -> None:
    assert claims_at_once(settings, run_id) == list(range(1, 17))


@pytest.mark.services
def test_a_department_server_counts_attempts_the_same_way(settings: Settings, postgres: str) -> None:
    server = settings.model_copy(update={"database_url": postgres})
    Base.metadata.create_all(engine_for(server.database))
    with open_session(server) as session:
        session.add(DatasetVersion(id=DATASET, manifest={"members": []}))
    run_id = runs.request_run(server, "engineer", DATASET)
    assert claims_at_once(server, run_id) == list(range(1, 17))
    assert runs.beat(server, run_id, 16) == "carry on"
    assert runs.beat(server, run_id, 15) == "leave"
    assert runs.abandoned(server, 600) == []
    assert runs.cancel(server, run_id, "me") == "running"
    runs.stop(server, run_id, 16)
    assert runs.find(server, run_id).state == "cancelled"


@pytest.mark.parametrize("question", [runs.find, runs.claim, lambda s, r: runs.cancel(s, r, "me")])
def test_an_unknown_run_is_named(settings: Settings, question: object) -> None:
    with pytest.raises(NotFound, match="run nowhere does not exist"):
        question(settings, "nowhere")  # type: ignore[operator]
