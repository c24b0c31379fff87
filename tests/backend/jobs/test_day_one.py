"""The model that comes along once around the loop: what the first training starts from, and what it is judged by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.errors import Sequestered
from backend.jobs import runs
from backend.jobs.steps import start
from backend.jobs.steps.home import give_day_one_model
from backend.jobs.steps.model_difference import difference
from backend.jobs.steps.predict_stored import champion_version, predict_image
from backend.jobs.steps.promote import promote, rollback
from backend.jobs.steps.report import evaluation_report
from backend.jobs.steps.retrain import run_training
from backend.jobs.steps.versions import model_versions
from backend.settings import Settings

pytestmark = pytest.mark.services


@pytest.fixture
def tiny(trainable: Settings, broker_settings: Settings, comes_along: Path) -> Settings:
    chosen = broker_settings.model_copy(update={"train_steps": 1, "checkpoint_steps": 1})
    give_day_one_model(chosen)
    return chosen


def _trained(settings: Settings) -> dict[str, Any]:
    run_id = start.start_training(settings, "engineer")
    run_training(settings, run_id, runs.claim(settings, run_id) or 0, lambda: False)
    return runs.show(runs.find(settings, run_id))


def test_the_first_training_starts_from_it_is_judged_against_it_and_can_be_taken_back(tiny: Settings) -> None:
    [came_along] = [one["model"] for one in model_versions(tiny)]
    run = _trained(tiny)
    assert (run["options"]["start"], run["champion"]) == (came_along, came_along)
    bladder = run["dice"]["bladder"]
    assert bladder["champion"]["n"] == bladder["difference"]["n"] > 0

    for a, b in ((run["model"], came_along), (came_along, run["model"])):
        document = difference(tiny, a, b, by="engineer")
        assert (document["dataset"], document["verdict"] is None) == (run["dataset"], False)
    assert evaluation_report(tiny, None, by="engineer")["model"] == came_along

    if run["verdict"] != "reject":
        promote(tiny, run["model"], by="engineer", reason="to see it serve")
        assert rollback(tiny, by="engineer") == came_along
    assert rollback(tiny, by="engineer") is None


def test_it_outlines_what_it_may_and_no_sequestered_case(
    settings: Settings, add_study: Callable[..., dict[str, int]], comes_along: Path
) -> None:
    give_day_one_model(settings)
    seen, hidden = add_study("seen"), add_study("hidden", sequestered=True)
    found = predict_image(settings, seen["anterior"])
    assert found is not None
    assert found.model == champion_version(settings) == f"scintiloop-{model_versions(settings)[0]['model']}"
    with pytest.raises(Sequestered):
        predict_image(settings, hidden["anterior"])


@pytest.mark.parametrize("other", ["resnet18", "resnet34"])
def test_another_encoder_that_is_set_or_asked_for_starts_from_scratch(
    other: str, settings: Settings, comes_along: Path
) -> None:
    give_day_one_model(settings)
    [came_along] = model_versions(settings)
    assert start.warm_start(settings) == start.warm_start(settings, came_along["encoder"]) == came_along["model"]
    assert start.warm_start(settings, other) == "scratch"
    assert start.warm_start(settings.model_copy(update={"encoder": other})) == "scratch"
