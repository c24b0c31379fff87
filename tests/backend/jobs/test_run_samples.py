"""Pictures of a run's outlines: what they show, which are kept, what they tell."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as Picture

from backend.jobs import run_samples
from backend.records import LabelMasks
from backend.settings import Settings
from backend.training.loop import Sampled

Drawn = Callable[..., LabelMasks]


@pytest.fixture
def sampled(drawn: Drawn, box: Callable[..., object]) -> Sampled:
    grey = np.full((1024, 256), 200, np.uint8)
    reference = drawn(box(200, 100, 20, 20), box(600, 118, 30, 20, "bladder"))
    outlined = drawn(box(200, 110, 20, 20))
    return Sampled({"low": grey, "high": grey // 2}, reference, outlined)


def colours(png: bytes) -> np.ndarray:
    with Picture.open(io.BytesIO(png)) as picture:
        return np.array(picture.convert("RGB"))


def test_a_picture_rings_the_reference_and_the_models_outline_and_leaves_what_is_inside(sampled: Sampled) -> None:
    shown = colours(run_samples.picture(sampled.sub_images["low"], sampled.reference, sampled.outlined))
    assert shown.shape == (1024, 256, 3)
    reference, model = run_samples.COLOURS
    assert tuple(shown[199, 105]) == reference
    assert tuple(shown[599, 120]) == reference
    assert tuple(shown[199, 125]) == model
    assert np.ptp(shown[210, 101:108]) == 0, "the lesion itself stays in sight"
    assert abs(int(shown[210, 105, 0]) - 200) <= 2


def test_newer_pictures_take_the_place_of_older_ones(settings: Settings, sampled: Sampled) -> None:
    assert run_samples.kept_samples(settings, "abc") is None
    run_samples.keep_samples(settings, "abc", 50, [sampled, sampled])
    run_samples.keep_samples(settings, "abc", 100, [sampled])
    kept = run_samples.kept_samples(settings, "abc")
    assert kept is not None
    assert kept["step"] == 100
    [one] = kept["pictures"]
    assert one == {"name": "100-1.png", "dice": {"metastasis": pytest.approx(0.5), "bladder": 0.0}}
    files = {file.name for file in run_samples.samples_folder(settings, "abc").iterdir()}
    assert files == {"100-1.png", run_samples.LISTING}


def test_dice_is_undefined_where_neither_holds_the_label(settings: Settings, drawn: Drawn) -> None:
    grey = np.zeros((1024, 256), np.uint8)
    run_samples.keep_samples(settings, "abc", 1, [Sampled({"high": grey}, drawn(), drawn())])
    kept = run_samples.kept_samples(settings, "abc")
    assert kept is not None
    assert kept["pictures"][0]["dice"] == {"metastasis": None, "bladder": None}
