"""The two phases of a run: what each trains, with which loss, and how fast."""

import math
from dataclasses import dataclass

from backend.model.networks import Networks
from backend.training.loss import SEGMENTATION_LOSSES, Loss, crop_loss
from backend.training.recipe import Recipe

WARM_UP = 0.25
"""Share of a phase in which the learning rate rises."""
FIRST_RATE, LAST_RATE = 1 / 25, 1e-4
"""Of the peak."""
HEAD_RATE = 3.0
"""How much faster a classifier's head learns alone."""
CLASSIFIER_LESION_SHARE = 0.25


@dataclass(frozen=True)
class Phase:
    """`steps_before` were done in earlier phases; `lesion_share` of the crops are drawn around a lesion."""

    number: int
    name: str
    network: str
    steps: int
    steps_before: int
    loss: Loss
    learning_rate: float
    lesion_share: float

    @property
    def outlines(self) -> bool:
        return self.network == "segmentation"

    def prepare(self, networks: Networks) -> None:
        """The classifier begins with what the U-Net has learned."""
        if not self.outlines:
            networks.classification.begin_from(networks.segmentation)


def phases(recipe: Recipe) -> tuple[Phase, ...]:
    rate, loss = recipe.learning_rate, SEGMENTATION_LOSSES[recipe.loss]
    head = rate * (HEAD_RATE if recipe.classifier_learns == "head" else 1)
    return (
        Phase(0, "U-Net", "segmentation", recipe.steps, 0, loss, rate, recipe.lesion_share),
        Phase(
            1, "classifier", "classification", recipe.classifier_steps, recipe.steps, crop_loss, head,
            CLASSIFIER_LESION_SHARE,
        ),
    )  # fmt: skip


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate: a cosine up, then a cosine down (Smith & Topin, 2017)."""
    position = step / max(steps - 1, 1)
    if position < WARM_UP:
        low, share = FIRST_RATE, position / WARM_UP
    else:
        low, share = LAST_RATE, (1 - position) / (1 - WARM_UP)
    return low + (1 - low) * (1 - math.cos(math.pi * share)) / 2
