"""One run as engineers see it: where it is, what it takes, its pictures and its log."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from backend.jobs import runs
from backend.jobs.run_log import note, run_log
from backend.jobs.run_samples import keep_samples
from backend.records import LabelMasks
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Run, now
from backend.training.loop import Sampled

DATASET = "d" * 64
OLD_POINT = {"phase": "U-Net", "step": 3, "steps": 9, "loss": 0.5, "dice": None, "seconds_left": 200.0}
POINT = OLD_POINT | {
    "dice": 0.61234,
    "bladder_dice": 0.9,
    "learning_rate": 0.003,
    "batch": 16,
    "part": 8,
    "device": "cpu",
    "memory_mb": 1234.0,
    "data_share": 0.021,
}
MACHINE = {
    "processors": 1.83,
    "of": 2,
    "memory_mb": 950,
    "gpus": [{"number": 0, "use": 0.83, "memory_mb": 12100.0, "of_mb": 81559.0}],
}


@pytest.fixture
def engineer(log_in: Callable[[str], Any]) -> Any:
    return log_in("engineer")


@pytest.fixture
def run_id(settings: Settings) -> str:
    with open_session(settings) as session:
        session.add(DatasetVersion(id=DATASET, manifest={"members": []}))
    return runs.request_run(settings, "engineer", DATASET, start="scratch")


@pytest.fixture
def attempt(settings: Settings, run_id: str) -> int:
    return runs.claim(settings, run_id) or 0


def live(engineer: Any, run_id: str, after: int = 0) -> dict[str, Any]:
    reply = engineer.get(f"/runs/{run_id}/live?after={after}")
    assert reply.status_code == 200
    assert isinstance(reply.json, dict)
    return reply.json


def test_a_queued_run_tells_how_many_are_before_it(engineer: Any, settings: Settings, run_id: str) -> None:
    assert live(engineer, run_id)["now"] == "Waits for the training worker."
    later = [runs.request_run(settings, "engineer", DATASET) for _ in range(2)]
    assert live(engineer, later[0])["now"] == "1 run is before it in the queue."
    assert live(engineer, later[1])["now"] == "2 runs are before it in the queue."
    runs.cancel(settings, run_id, "engineer")
    assert live(engineer, later[1])["now"] == "1 run is before it in the queue."


@pytest.mark.parametrize(("device", "words"), [("gpu-7", "the GPU"), ("cpu-7", "the processor")])
def test_a_run_whose_device_is_taken_says_what_it_waits_for(
    engineer: Any, settings: Settings, run_id: str, attempt: int, device: str, words: str
) -> None:
    runs.wait_for(settings, run_id, attempt, [device])
    assert live(engineer, run_id)["now"] == f"Waits until {words} is free: another run trains there."
    assert runs.find(settings, run_id).attempts == 0


def test_a_running_run_tells_where_it_is_and_what_it_takes(
    engineer: Any, settings: Settings, run_id: str, attempt: int
) -> None:
    assert live(engineer, run_id)["now"] == "Loads the data."
    runs.advance(settings, run_id, attempt, POINT)
    runs.beat(settings, run_id, attempt, MACHINE)
    shown = live(engineer, run_id)
    assert shown["now"] == "Step 3 of 9 (U-Net), loss 0.500, Dice 0.612, about 3 min left."
    assert dict(shown["facts"]) == {
        "Phase": "U-Net",
        "Computes on": "the processor",
        "Crops a step": "16, of them 8 at once",
        "Learning rate": "0.003",
        "Time spent waiting for data": "2.1%",
        "Memory at its peak": "1.2 GB",
        "Memory now": "950 MB",
        "Processors in use": "1.8 of 2",
        "GPU 0": "83%, 12.1 GB of 81.6 GB",
        "Attempt": "1 of 3",
    }


def test_a_run_of_an_earlier_version_is_still_shown(
    engineer: Any, settings: Settings, run_id: str, attempt: int
) -> None:
    runs.advance(settings, run_id, attempt, OLD_POINT)
    shown = live(engineer, run_id)
    assert shown["now"] == "Step 3 of 9 (U-Net), loss 0.500, about 3 min left."
    assert dict(shown["facts"]) == {"Phase": "U-Net", "Attempt": "1 of 3"}
    assert engineer.get(f"/runs/{run_id}").status_code == 200


def test_only_new_points_of_the_curve_are_sent(engineer: Any, settings: Settings, run_id: str, attempt: int) -> None:
    for step in (1, 2, 3):
        runs.advance(settings, run_id, attempt, OLD_POINT | {"step": step})
    assert [point["step"] for point in live(engineer, run_id)["points"]] == [1, 2, 3]
    assert [point["step"] for point in live(engineer, run_id, after=2)["points"]] == [3]


def test_a_run_whose_worker_is_silent_says_so(engineer: Any, settings: Settings, run_id: str, attempt: int) -> None:
    runs.advance(settings, run_id, attempt, POINT)
    with open_session(settings) as session:
        session.get_one(Run, run_id).heartbeat = now() - timedelta(seconds=65)
    assert live(engineer, run_id)["now"].startswith("No sign of life for 1 min 05 s")


def test_an_ended_run_tells_its_length_and_no_use_of_the_machine(
    engineer: Any, settings: Settings, run_id: str, attempt: int
) -> None:
    runs.advance(settings, run_id, attempt, POINT)
    runs.beat(settings, run_id, attempt, MACHINE)
    runs.fail(settings, run_id, attempt, "the disk is full")
    shown = live(engineer, run_id)
    assert shown["now"].startswith("Ended at step 3 of 9, after ")
    assert "Memory at its peak" in dict(shown["facts"])
    assert "Processors in use" not in dict(shown["facts"])


def test_pictures_outlive_the_run_and_nothing_else_of_their_folder_is_sent(
    engineer: Any, settings: Settings, run_id: str, attempt: int, drawn: Callable[..., LabelMasks], box: Any
) -> None:
    assert live(engineer, run_id)["samples"] is None
    masks = drawn(box(200, 100, 20, 20))
    keep_samples(settings, run_id, 50, [Sampled({"low": np.zeros((1024, 256), np.uint8)}, masks, masks)])
    runs.fail(settings, run_id, attempt, "it was enough")
    shown = live(engineer, run_id)["samples"]
    assert shown["title"] == "Validation cases after step 50"
    [picture] = shown["pictures"]
    assert picture["words"] == "metastasis 1.00, bladder –"
    reply = engineer.get(picture["url"])
    assert (reply.status_code, reply.mimetype, reply.data[:4]) == (200, "image/png", b"\x89PNG")
    assert picture["url"] in engineer.get(f"/runs/{run_id}").text
    for name in ("samples.json", "50-2.png", "..%2Frun.log", "%2e%2e"):
        assert engineer.get(f"/runs/{run_id}/samples/{name}").status_code == 404


def test_the_log_is_shown_and_downloaded_without_what_may_name_a_patient(
    engineer: Any, settings: Settings, run_id: str
) -> None:
    assert live(engineer, run_id)["log"] == []
    note(settings, run_id, "attempt 1 begins <b>")
    with run_log(settings, run_id).open("a") as log:
        log.write("Traceback (most recent call last):\nKeyError: 'Meier^Anna'\n")
    assert live(engineer, run_id)["log"][0].endswith("attempt 1 begins <b>")
    reply = engineer.get(f"/runs/{run_id}/log")
    assert (reply.mimetype, "attachment" in reply.headers["Content-Disposition"]) == ("text/plain", True)
    page = engineer.get(f"/runs/{run_id}").text
    assert "attempt 1 begins &lt;b&gt;" in page
    assert "KeyError" in reply.text
    assert "Meier" not in page + reply.text


def test_what_it_was_started_with_names_a_file_without_its_folders(
    engineer: Any, settings: Settings, run_id: str
) -> None:
    other = runs.request_run(settings, "engineer", DATASET, recipe="study", start="/home/meier/start.safetensors")
    page = engineer.get(f"/runs/{other}").text
    assert "start.safetensors" in page
    assert "meier" not in page
    assert "<dd>study</dd>" in page
    assert "<dd>default</dd>" in engineer.get(f"/runs/{run_id}").text


@pytest.mark.parametrize("path", ["", "/live", "/log", "/samples/1.png"])
def test_an_unknown_run_is_not_found(engineer: Any, path: str) -> None:
    assert engineer.get(f"/runs/nowhere{path}").status_code == 404
