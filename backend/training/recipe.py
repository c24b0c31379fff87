"""How a model is trained: everything that decides its weights besides the data."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from backend.errors import SettingsError
from backend.model.networks import ENCODERS, GPU_ENCODER, default_encoder
from backend.settings import Settings
from backend.training.loss import LossName

RecipeName = Literal["default", "study"]
RECIPES: tuple[RecipeName, ...] = get_args(RecipeName)


@dataclass(frozen=True)
class Recipe:
    """Numbers of one training run; docs/decisions/0023 says where the defaults come from.

    Args:
        encoder: of the U-Net and of the classifier, one of `model.networks.ENCODERS`.
        name: `default`, or `study` for the founding study's settings.
        steps, classifier_steps: optimiser steps of the U-Net, then of the classifier.
        batch: 256 × 256 crops per step.
        learning_rate: of AdamW the peak of the one-cycle schedule, of Adam the constant rate.
        optimiser: AdamW with one cycle, or Adam at a constant rate.
        loss: of the U-Net, one of `loss.SEGMENTATION_LOSSES`.
        augmented: whether crops are moved, thinned and windowed anew.
        lesion_share: of the crops that are drawn around a lesion; the others lie anywhere.
        averaging: decay per step of the moving average of the weights that becomes the model; 0 for the last weights.
        classifier: `cells` reads the U-Net's features cell by cell, `pooled` is the study's network over a whole crop.
        classifier_learns: `head`, or `all` of its layers.
        seed: of first weights, crops and augmentation.
        checkpoint_steps: steps between checkpoints, at most 50.
        evaluate_steps: steps between two looks at the validation Dice.
        package_weights: start from installed ImageNet weights where the encoder has them and no model is given.
        tuned: calibration and thresholds are chosen on validation patients; else the study's 0.5.
        closed_data: the data may train a model but the model may never serve.
    """

    encoder: str
    name: RecipeName = "default"
    steps: int = 200
    classifier_steps: int = 40
    batch: int = 8
    learning_rate: float = 3e-3
    optimiser: Literal["adamw", "adam"] = "adamw"
    weight_decay: float = 1e-2
    loss: LossName = "entropy+dice"
    augmented: bool = True
    lesion_share: float = 0.5
    averaging: float = 0.0
    classifier: Literal["cells", "pooled"] = "cells"
    classifier_learns: Literal["head", "all"] = "head"
    seed: int = 0
    checkpoint_steps: int = 50
    evaluate_steps: int = 50
    package_weights: bool = True
    tuned: bool = True
    closed_data: bool = False

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            raise SettingsError(f"encoder {self.encoder!r} is unknown; choose one of {', '.join(ENCODERS)}")
        if self.name not in RECIPES:
            raise SettingsError(f"recipe {self.name!r} is unknown; choose one of {', '.join(RECIPES)}")
        if not 1 <= self.checkpoint_steps <= 50:
            raise SettingsError(f"checkpoint_steps is {self.checkpoint_steps}; choose 1 to 50")
        counts = {"steps": self.steps, "classifier_steps": self.classifier_steps, "batch": self.batch}
        for name, value in (counts | {"evaluate_steps": self.evaluate_steps}).items():
            if value < 1:
                raise SettingsError(f"{name} is {value}; choose at least 1")

    @property
    def total_steps(self) -> int:
        return self.steps + self.classifier_steps

    def to_card(self) -> dict[str, Any]:
        return asdict(self)

    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.to_card(), sort_keys=True).encode()).hexdigest()


STUDY: dict[str, Any] = {
    "name": "study",
    "batch": 16,
    "learning_rate": 0.01,
    "optimiser": "adam",
    "weight_decay": 0.0,
    "loss": "entropy",
    "augmented": False,
    "classifier": "pooled",
    "classifier_learns": "all",
    "package_weights": False,
    "tuned": False,
}
"""What the study states (Adam at 0.01, batch 16, the two networks, thresholds of 0.5) and, plainly, what it does not:
cross-entropy, no augmentation, half of the crops around a lesion, random first weights."""

PRETRAINING: dict[str, Any] = {"averaging": 0.99, "classifier_learns": "all"}
"""A starting model sees many bodies: its whole classifier may learn, and its weights are an average."""

GPU_STEPS = {"steps": 2000, "classifier_steps": 600, "batch": 16, "evaluate_steps": 200}


def recipe_for(
    settings: Settings, *, name: str = "default", encoder: str | None = None, seed: int | None = None
) -> Recipe:
    """The recipe that the settings ask for on this machine.

    Args:
        name: one of `RECIPES`.
        encoder: of the run or of the champion it starts from; the setting, then the machine's default, where None.

    Raises:
        SettingsError: a number, recipe or encoder that cannot be.
    """
    chosen = encoder or settings.encoder or default_encoder()
    recipe = Recipe(
        encoder=chosen,
        seed=settings.seed if seed is None else seed,
        checkpoint_steps=settings.checkpoint_steps,
        closed_data=settings.closed_data,
    )
    if default_encoder() == chosen == GPU_ENCODER:
        recipe = replace(recipe, **GPU_STEPS)  # type: ignore[arg-type]
    if name != "default":
        recipe = replace(recipe, **STUDY | {"name": name})
    if settings.train_steps is not None:
        share = recipe.classifier_steps / recipe.steps
        recipe = replace(
            recipe, steps=settings.train_steps, classifier_steps=max(1, round(settings.train_steps * share))
        )
    return recipe
