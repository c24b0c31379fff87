"""A training as it tells of itself: pictures of validation cases alone, lines in its log, points of its curve."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from backend.datasets.load import load_samples
from backend.jobs import run_samples, runs
from backend.jobs.run_log import shown
from backend.jobs.steps import agree, start
from backend.jobs.steps.retrain import run_training
from backend.jobs.teller import Teller
from backend.records import LabelMasks
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import DatasetVersion
from backend.training.loop import Progress, Sampled

pytestmark = pytest.mark.services


def greys(png: bytes) -> np.ndarray:
    """The picture without its rings, as levels; rings are -1."""
    with Picture.open(io.BytesIO(png)) as picture:
        levels = np.array(picture).astype(int)
    return np.where(levels >= run_samples.REFERENCE, -1, levels)


def shows(png: bytes, low: np.ndarray) -> bool:
    levels = greys(png)
    inside = levels >= 0
    return bool((levels[inside] == (low.astype(int) * (run_samples.GREYS - 1) // 255)[inside]).all())


@pytest.fixture
def with_lesions(broker_settings: Settings, add_study: Any, add_reader: Any, add_reading: Any, box: Any) -> Settings:
    """Six patients, each with a lesion, two of them sequestered; so the watched validation cases hold one."""
    readers = [add_reader("first", 1), add_reader("second", 2)]
    for number in range(6):
        image = add_study(f"s{number}", sequestered=number > 3, projections=("anterior",))["anterior"]
        for reader in readers:
            add_reading(reader, image, box(200, 100, 20, 12), box(600, 118, 30, 20, "bladder"))
    agree.settle(broker_settings)
    return broker_settings.model_copy(update={"train_steps": 2, "checkpoint_steps": 1})


def test_a_run_leaves_pictures_of_validation_cases_and_of_no_other(with_lesions: Settings) -> None:
    settings = with_lesions
    run_id = start.start_training(settings, "engineer")
    run_training(settings, run_id, runs.claim(settings, run_id) or 0, lambda: False)
    run = runs.find(settings, run_id)
    assert run.state == "done"
    kept = run_samples.kept_samples(settings, run_id)
    assert kept is not None
    folder = run_samples.samples_folder(settings, run_id)
    pictures = [(folder / one["name"]).read_bytes() for one in kept["pictures"]]
    assert pictures
    sides = {side: load_samples(settings, run.dataset_id, side) for side in ("validation", "train", "test")}
    for picture in pictures:
        found = {side for side, members in sides.items() for one in members if shows(picture, one.sub_images["low"])}
        assert found == {"validation"}
    told = "\n".join(shown(settings, run_id))
    assert "U-Net: goes on from step 0 on cpu" in told
    assert "step 2 of" in told
    assert all(one.visit.patient not in told for members in sides.values() for one in members)


@pytest.fixture
def teller(settings: Settings) -> Teller:
    with open_session(settings) as session:
        session.add(DatasetVersion(id="d" * 64, manifest={"members": []}))
    run_id = runs.request_run(settings, "engineer", "d" * 64)
    return Teller(settings, run_id, runs.claim(settings, run_id) or 0)


def progress(step: int) -> Progress:
    return Progress("U-Net", step, 9, 0.5, None, None, 8.0, 0.001, 8, 8, "cpu", 900.0, 0.02)


def test_pictures_that_cannot_be_kept_end_no_training(settings: Settings, teller: Teller) -> None:
    [run] = runs.newest_first(settings)
    place = run_samples.samples_folder(settings, run.id)
    place.parent.mkdir(parents=True)
    place.write_text("a file where the folder should be")
    nothing = np.zeros((1024, 256), bool)
    masks = LabelMasks(nothing, nothing)
    teller.show([Sampled({"low": np.zeros((1024, 256), np.uint8)}, masks, masks)])
    teller.tell(progress(1))
    told = shown(settings, run.id)
    assert any("the pictures of step 1 could not be kept" in line for line in told)
    assert runs.find(settings, run.id).points[-1]["step"] == 1


def test_the_curve_gets_a_point_at_most_once_a_second_and_the_last_one_always(
    settings: Settings, teller: Teller
) -> None:
    for step in range(1, 10):
        teller.tell(progress(step))
    [run] = runs.newest_first(settings)
    assert [point["step"] for point in run.points][-1] == 9
    assert len(run.points) < 9
