"""One recipe trained and scored; its result is a file, so that a broken comparison goes on where it stopped."""

import dataclasses
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.model.inference import Predictor
from backend.model.weights import TrainedModel, read_model
from backend.records import LabelMasks
from backend.training import loop
from backend.training.loop import Progress, train
from backend.training.recipe import STUDY, Recipe
from backend.training.start import StartWeights
from tests.benchmarks.recipes import cohort as cohorts
from tests.benchmarks.recipes.cohort import Projected
from tests.benchmarks.recipes.scores import score

loop.WATCHED_CASES = 40  # curves of a comparison look at more than a run's page needs


@dataclass(frozen=True)
class Trial:
    """What is trained: changes to the default recipe, from which model file, and on which cohort.

    Args:
        name: of the row; `seed` of first weights and crops.
        start: model file to go on from; None for the recipe's own start.
        learn_from: cohort folder; `judge_on`: cohort folders besides the test patients of `learn_from`.
    """

    name: str
    seed: int
    encoder: str
    changes: dict[str, Any] = field(default_factory=dict)
    start: str | None = None
    learn_from: str = "benchmark"
    judge_on: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}-{self.encoder}-{self.seed}.json".replace(" ", "-")

    def recipe(self) -> Recipe:
        base = Recipe(encoder=self.encoder, seed=self.seed)
        changes = dict(self.changes)
        if changes.pop("study", False):
            base = dataclasses.replace(base, **STUDY)
        return dataclasses.replace(base, **changes)


def run(trial: Trial, data: Path, results: Path, work: Path) -> dict[str, Any]:
    """Trains and scores a trial unless its result is there; keeps the model beside its checkpoint in `work`."""
    file = results / trial.file
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text())
        return found
    members = cohorts.load(data / trial.learn_from)
    sides = cohorts.sides(members)
    began, curve = time.monotonic(), list[list[float]]()
    trained = _trained(trial, members, work, curve)
    seconds = time.monotonic() - began
    predictor = Predictor.load(trained.weights, trained.card, trial.name)
    judged = {"test": [one for one in members if sides[one.patient] == "test"]}
    judged |= {name: cohorts.load(data / name) for name in trial.judge_on}
    document = {
        "trial": dataclasses.asdict(trial),
        "recipe": trained.card["recipe"],
        "thresholds": trained.card["thresholds"],
        "device": str(predictor.device),
        "seconds": round(seconds, 1),
        "curve": curve,
        "scores": {name: score(own, _look(predictor), ("truth", "reference")) for name, own in judged.items()},
    }
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(document, separators=(",", ":")))
    partial.replace(file)
    return document


def _trained(trial: Trial, members: list[Projected], work: Path, curve: list[list[float]]) -> TrainedModel:
    """The trial's model; the start itself where nothing is to be trained."""
    given = read_model(Path(trial.start)) if trial.start else None
    if given and trial.changes.get("untouched"):
        return given
    sides = cohorts.sides(members)
    trained = train(
        [one.sample() for one in members if sides[one.patient] == "train"],
        [one.sample() for one in members if sides[one.patient] == "validation"],
        trial.recipe(),
        folder=work / trial.file.removesuffix(".json"),
        start=StartWeights(given.weights, given.card, source="file") if given else None,
        report=lambda progress: _note(curve, progress),
    )
    (work / trial.file).with_suffix(".safetensors").write_bytes(trained.weights)
    return trained


def _look(predictor: Predictor) -> Any:
    def look(one: Projected) -> tuple[LabelMasks, float]:
        prediction = predictor.predict(one.sub_images, outlines=False)  # type: ignore[arg-type]
        return prediction.masks, prediction.crop_probability["metastasis"]

    return look


def _note(curve: list[list[float]], progress: Progress) -> None:
    if progress.dice is not None and (not curve or curve[-1][1:3] != [progress.dice, progress.bladder_dice]):
        curve.append([progress.step, progress.dice, progress.bladder_dice or 0.0, round(progress.loss, 4)])
