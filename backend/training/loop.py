"""The training run: the U-Net first, then the classifier from the U-Net's encoder, then thresholds."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from backend import __version__
from backend.errors import Cancelled, InputError
from backend.model.inference import Predictor
from backend.model.networks import Networks
from backend.model.outlines import Thresholds
from backend.model.weights import TrainedModel, pack
from backend.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from backend.training.phases import Phase, Stepper, phases
from backend.training.recipe import Recipe
from backend.training.sampling import Sample, Sampler
from backend.training.start import StartWeights, first_networks, lineage
from backend.training.thresholds import choose_thresholds, validation_dice
from converters.regions import LABELS

WATCHED_CASES = 8
"""Validation projections that hold a lesion and are looked at while training runs."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `step` of `steps` counts both phases; `dice` is the U-Net's on watched validation lesions."""

    phase: str
    step: int
    steps: int
    loss: float
    dice: float | None
    seconds_left: float


class Watch(TypedDict, total=False):
    """How the world follows a run: `report` is called after every step, `cancelled` asked before it."""

    report: Callable[[Progress], None]
    cancelled: Callable[[], bool]


def train(
    samples: Sequence[Sample],
    validation: Sequence[Sample],
    recipe: Recipe,
    *,
    folder: Path,
    start: StartWeights | None = None,
    **watch: Unpack[Watch],
) -> TrainedModel:
    """One model from samples; the same arguments give the same weights, interrupted or not.

    Args:
        samples: projections to learn from, at least one.
        validation: projections of other patients; choose the thresholds and show the Dice, may be empty.
        folder: of this run alone; holds its checkpoint, from which it goes on.
        start: the model to go on from; the recipe's own start where None.
        watch: `report` and `cancelled`.

    Raises:
        InputError: no samples, or start weights that do not fit the recipe's encoder.
        Cancelled: `cancelled()` said so; the checkpoint stays.
    """
    if not samples:
        raise InputError("there is nothing to train on; freeze a dataset version that has training references")
    run = _Run(samples, validation, recipe, folder, start)
    run.go(watch)
    thresholds = choose_thresholds(Predictor.of(run.networks, Thresholds(), "challenger"), validation)
    return pack(run.networks, _card(recipe, start, thresholds, (samples, validation)))


class _Run:
    def __init__(
        self,
        samples: Sequence[Sample],
        validation: Sequence[Sample],
        recipe: Recipe,
        folder: Path,
        start: StartWeights | None,
    ) -> None:
        self.networks = first_networks(recipe, start)
        self._recipe, self._folder = recipe, folder
        self._sampler = Sampler(samples, recipe.batch, recipe.seed)
        self._watched = [one for one in validation if one.masks.metastasis.any()][:WATCHED_CASES]
        self._identity = _identity(samples, recipe, start, self.networks)
        self._dice: float | None = None
        self._report: Callable[[Progress], None] = lambda progress: None
        self._cancelled: Callable[[], bool] = lambda: False

    def go(self, watch: Watch) -> None:
        self._report = watch.get("report", self._report)
        self._cancelled = watch.get("cancelled", self._cancelled)
        saved = load_checkpoint(self._folder, self._identity)
        if saved:
            for name, network in self.networks.named().items():
                network.load_state_dict(saved.networks[name])
        for phase in phases(self._recipe):
            if saved and phase.number < saved.phase:
                continue
            resumed = saved if saved and phase.number == saved.phase else None
            self._run_phase(phase, resumed)

    def _run_phase(self, phase: Phase, saved: Checkpoint | None) -> None:
        if saved is None:
            phase.prepare(self.networks)
        stepper = Stepper(phase, self.networks, self._recipe)
        first = 0
        if saved:
            stepper.optimiser.load_state_dict(saved.optimiser)
            first = saved.step
        began = time.monotonic()
        for step in range(first, phase.steps):
            if self._cancelled():
                raise Cancelled("the run was cancelled; its checkpoint is kept")
            loss = stepper.step(self._sampler.draw(phase.number, step, phase.lesion_share), step)
            self._after_step(stepper, step + 1, loss, (time.monotonic() - began) / (step + 1 - first))

    def _after_step(self, stepper: Stepper, done: int, loss: float, seconds_per_step: float) -> None:
        phase, recipe = stepper.phase, self._recipe
        if done % recipe.checkpoint_steps == 0 or done == phase.steps:
            states = {name: network.state_dict() for name, network in self.networks.named().items()}
            state = Checkpoint(phase.number, done, states, stepper.optimiser.state_dict())
            save_checkpoint(self._folder, self._identity, state)
        if phase.outlines and self._watched and (done % recipe.evaluate_steps == 0 or done == phase.steps):
            self._dice = self._look()
        step = phase.steps_before + done
        left = (recipe.total_steps - step) * seconds_per_step
        self._report(Progress(phase.name, step, recipe.total_steps, loss, self._dice, left))

    def _look(self) -> float | None:
        everywhere = Thresholds(crop=0.0)
        predictor = Predictor.of(self.networks, everywhere, "watched")
        cases = [(predictor.look(sample.sub_images), sample.masks) for sample in self._watched]
        return validation_dice(cases, everywhere, "metastasis")


def _identity(samples: Sequence[Sample], recipe: Recipe, start: StartWeights | None, networks: Networks) -> str:
    """What a checkpoint must share with the run that goes on from it: recipe, start, networks' layers and data."""
    digest = hashlib.sha256(f"{__version__} {recipe.digest()} {start.digest() if start else ''}".encode())
    for part, network in networks.named().items():
        layers = [(part, name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
        digest.update(repr(layers).encode())
    for sample in samples:
        for label in LABELS:
            digest.update(np.packbits(sample.masks[label]).tobytes())
    return digest.hexdigest()


def _card(
    recipe: Recipe,
    start: StartWeights | None,
    thresholds: Thresholds,
    data: tuple[Sequence[Sample], Sequence[Sample]],
) -> dict[str, Any]:
    samples, validation = data
    return {
        "thresholds": thresholds.to_card(),
        "recipe": recipe.to_card(),
        "lineage": lineage(recipe, start),
        "closed_data": recipe.closed_data or bool(start and start.card.get("closed_data")),
        "trained_on": {
            "projections": len(samples),
            "patients": len({sample.patient for sample in samples}),
            "validation_projections": len(validation),
        },
    }
