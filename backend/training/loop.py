"""The training run: the U-Net first, then the classifier from the U-Net's encoder, then thresholds."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from backend import __version__
from backend.errors import Cancelled, InputError
from backend.model.inference import Looked, Predictor
from backend.model.networks import Networks
from backend.model.outlines import Thresholds, to_masks
from backend.model.weights import TrainedModel, pack
from backend.records import LabelMasks, SubImage, Window
from backend.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from backend.training.meter import Meter
from backend.training.phases import Phase, phases
from backend.training.recipe import Recipe
from backend.training.sampling import Sample, Sampler
from backend.training.start import StartWeights, first_networks, lineage
from backend.training.stepper import Stepper
from backend.training.team import ALONE, Team
from backend.training.thresholds import tune, validation_dice
from converters.regions import LABELS, Label

WATCHED_CASES = 8
"""Validation projections that hold a lesion and are looked at while training runs."""
SHOWN_CASES = 4
"""Of these, handed out as samples."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `step` of `steps` counts both phases; `dice` and `bladder_dice` are the U-Net's on watched
    validation projections that hold the label.

    `batch` crops make a step, `part` of them at once; `memory_mb` is the peak, of the GPU where `device` is one;
    `data_share` is the share of the time so far that went into drawing crops.
    """

    phase: str
    step: int
    steps: int
    loss: float
    dice: float | None
    bladder_dice: float | None
    seconds_left: float
    learning_rate: float
    batch: int
    part: int
    device: str
    memory_mb: float
    data_share: float


@dataclass(frozen=True, eq=False)
class Sampled:
    """A watched validation projection: what it shows, its reference and what is outlined at this point of the run."""

    sub_images: Mapping[Window, SubImage]
    reference: LabelMasks
    outlined: LabelMasks


class Watch(TypedDict, total=False):
    """How the world follows a run: `report` is called after every step, `cancelled` asked before it, `samples` called
    after every look at validation cases."""

    report: Callable[[Progress], None]
    cancelled: Callable[[], bool]
    samples: Callable[[list[Sampled]], None]


def train(
    training: Sequence[Sample],
    validation: Sequence[Sample],
    recipe: Recipe,
    *,
    folder: Path,
    start: StartWeights | None = None,
    team: Team = ALONE,
    **watch: Unpack[Watch],
) -> TrainedModel:
    """One model from references; the same arguments give the same weights, interrupted or not.

    Args:
        training: projections to learn from, at least one.
        validation: projections of other patients; choose the thresholds and show the Dice, may be empty.
        folder: of this run alone; holds its checkpoint, from which it goes on.
        start: the model to go on from; the recipe's own start where None.
        team: the processes that share the run, each of which calls this with the same arguments but its own rank.
        watch: see `Watch`.

    Raises:
        InputError: no samples, or start weights that do not fit the recipe's encoder.
        Cancelled: `cancelled()` said so; the checkpoint stays.
        TrainingDiverged: a loss was not a number; the last checkpoint stays.
    """
    if not training:
        raise InputError("there is nothing to train on; freeze a dataset version that has training references")
    run = _Run(training, validation, recipe, folder, start, team)
    with team.together():
        run.go(Watch(**watch))
    ready = Predictor.of(run.networks, Thresholds(), "challenger")
    if recipe.tuned and team.leads:
        ready = tune(ready, validation)
    return pack(run.networks, _card(recipe, start, ready, (training, validation)))


class _Run:
    def __init__(
        self,
        samples: Sequence[Sample],
        validation: Sequence[Sample],
        recipe: Recipe,
        folder: Path,
        start: StartWeights | None,
        team: Team,
    ) -> None:
        self.networks = first_networks(recipe, start)
        self._recipe, self._folder = recipe, folder
        self._team = team
        self._sampler = Sampler(samples, recipe.batch, recipe.seed, augmented=recipe.augmented, device=team.device)
        self._watched = [one for one in validation if one.masks.metastasis.any()][:WATCHED_CASES]
        self._identity = _identity(samples, recipe, start, self.networks)
        self._dice: dict[Label, float | None] = dict.fromkeys(LABELS)
        self._watch = Watch()

    def go(self, watch: Watch) -> None:
        self._watch = watch
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
        stepper = Stepper(phase, self.networks, self._recipe, self._team)
        first = 0
        if saved:
            stepper.load_state(saved.optimiser)
            first = saved.step
        meter = Meter(self._team.device)
        cancelled = self._watch.get("cancelled", lambda: False)
        for step in range(first, phase.steps):
            if cancelled():
                raise Cancelled("the run was cancelled; its checkpoint is kept")
            with meter.drawing():
                batch = self._sampler.draw(phase.number, step, phase.lesion_share)
            loss = stepper.step(batch, step)
            meter.step_done()
            if self._team.leads:
                self._after_step(stepper, step + 1, loss, meter)
        stepper.finish()

    def _after_step(self, stepper: Stepper, done: int, loss: float, meter: Meter) -> None:
        phase, recipe = stepper.phase, self._recipe
        if done % recipe.checkpoint_steps == 0 or done == phase.steps:
            states = {name: network.state_dict() for name, network in self.networks.named().items()}
            save_checkpoint(self._folder, self._identity, Checkpoint(phase.number, done, states, stepper.state()))
        if phase.outlines and self._watched and (done % recipe.evaluate_steps == 0 or done == phase.steps):
            with stepper.averaged():
                self._look()
        step = phase.steps_before + done
        if report := self._watch.get("report"):
            report(
                Progress(
                    phase.name, step, recipe.total_steps, loss, self._dice["metastasis"], self._dice["bladder"],
                    (recipe.total_steps - step) * meter.seconds_per_step, stepper.learning_rate, recipe.batch,
                    stepper.part, meter.device, meter.memory_mb, meter.data_share,
                )
            )  # fmt: skip

    def _look(self) -> None:
        everywhere = Thresholds(crop=0.0)
        predictor = Predictor.of(self.networks, everywhere, "watched")
        cases = [(predictor.look(sample.sub_images), sample.masks) for sample in self._watched]
        self._dice = {label: validation_dice(cases, everywhere, label) for label in LABELS}
        if show := self._watch.get("samples"):
            show([_sampled(*one, everywhere) for one in zip(self._watched[:SHOWN_CASES], cases, strict=False)])


def _sampled(sample: Sample, case: tuple[Looked, LabelMasks], thresholds: Thresholds) -> Sampled:
    return Sampled(sample.sub_images, sample.masks, to_masks(case[0].probability, thresholds))


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
    ready: Predictor,
    data: tuple[Sequence[Sample], Sequence[Sample]],
) -> dict[str, Any]:
    samples, validation = data
    return {
        "thresholds": ready.thresholds.to_card(),
        "calibration": ready.calibration.to_card(),
        "recipe": recipe.to_card(),
        "lineage": lineage(recipe, start),
        "closed_data": recipe.closed_data or bool(start and start.card.get("closed_data")),
        "trained_on": {
            "projections": len(samples),
            "patients": len({sample.patient for sample in samples}),
            "validation_projections": len(validation),
        },
    }
