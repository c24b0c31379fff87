"""How a model is trained: everything that decides its weights besides the data."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from backend.errors import SettingsError
from backend.model.networks import ENCODERS, default_encoder
from backend.settings import Settings


@dataclass(frozen=True)
class Recipe:
    """Numbers of one training run; docs/decisions/0004 says where the defaults come from.

    Args:
        encoder: of the U-Net and of the classifier, one of `model.networks.ENCODERS`.
        steps, classifier_steps: optimiser steps of the U-Net, then of the classifier.
        batch: 256 × 256 crops per step.
        learning_rate: the peak of the one-cycle schedule (AdamW).
        seed: of first weights, crops and augmentation.
        checkpoint_steps: steps between checkpoints, at most 50.
        evaluate_steps: steps between two looks at the validation Dice.
        package_weights: start from installed ImageNet weights where the encoder has them and no model is given.
        closed_data: the data may train a model but the model may never serve.
    """

    encoder: str
    steps: int = 200
    classifier_steps: int = 40
    batch: int = 8
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    seed: int = 0
    checkpoint_steps: int = 50
    evaluate_steps: int = 50
    package_weights: bool = True
    closed_data: bool = False

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            raise SettingsError(f"encoder {self.encoder!r} is unknown; choose one of {', '.join(ENCODERS)}")
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


GPU_STEPS = {"steps": 2000, "classifier_steps": 600, "batch": 16, "evaluate_steps": 200}


def recipe_for(settings: Settings, *, encoder: str | None = None, seed: int | None = None) -> Recipe:
    """The recipe that the settings ask for on this machine.

    Args:
        encoder: of the run or of the champion it starts from; the setting, then the machine's default, where None.

    Raises:
        SettingsError: a number or encoder that cannot be.
    """
    chosen = encoder or settings.encoder or default_encoder()
    recipe = Recipe(
        encoder=chosen,
        seed=settings.seed if seed is None else seed,
        checkpoint_steps=settings.checkpoint_steps,
        closed_data=settings.closed_data,
    )
    if default_encoder() == chosen == "resnet34":
        recipe = replace(recipe, **GPU_STEPS)  # type: ignore[arg-type]
    if settings.train_steps is not None:
        share = recipe.classifier_steps / recipe.steps
        recipe = replace(
            recipe, steps=settings.train_steps, classifier_steps=max(1, round(settings.train_steps * share))
        )
    return recipe
