"""The two phases of a run and one optimiser step of either."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from backend.model.networks import Networks
from backend.training.loss import crop_loss, segmentation_loss
from backend.training.recipe import Recipe
from backend.training.sampling import Batch

WARM_UP = 0.25
"""Share of a phase in which the learning rate rises."""
FIRST_RATE, LAST_RATE = 1 / 25, 1e-4
"""Of the peak."""
MAX_GRADIENT = 5.0

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


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
    rate = recipe.learning_rate
    return (
        Phase(0, "U-Net", "segmentation", recipe.steps, 0, segmentation_loss, rate, 0.5),
        Phase(1, "classifier", "classification", recipe.classifier_steps, recipe.steps, crop_loss, rate * 3, 0.25),
    )


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate: a cosine up, then a cosine down (Smith & Topin, 2017)."""
    position = step / max(steps - 1, 1)
    if position < WARM_UP:
        low, share = FIRST_RATE, position / WARM_UP
    else:
        low, share = LAST_RATE, (1 - position) / (1 - WARM_UP)
    return low + (1 - low) * (1 - math.cos(math.pi * share)) / 2


def can_compute_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is computed, not imitated, there."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    has = torch.cpu.get_capabilities()
    return any(bool(has.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))


class Stepper:
    """One phase's network, optimiser and schedule. Of the classifier only the head learns: with few patients the rest
    would learn them by heart."""

    def __init__(self, phase: Phase, networks: Networks, recipe: Recipe) -> None:
        self.phase = phase
        self._seed = recipe.seed
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = networks.named()[phase.network].to(self._device)
        depthwise_on_cpu = networks.architecture.depthwise and self._device.type == "cpu"
        self._bf16 = can_compute_bf16(self._device) and not depthwise_on_cpu
        self._learning = self._network if phase.outlines else networks.classification.head
        self._network.requires_grad_(False)
        self._learning.requires_grad_(True)
        self.optimiser = torch.optim.AdamW(self._learning.parameters(), weight_decay=recipe.weight_decay, fused=True)

    def step(self, batch: Batch, number: int) -> float:
        """One optimiser step; returns the loss before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.phase.learning_rate * one_cycle(number, self.phase.steps)
        self._network.eval()
        self._learning.train()
        with self._own_chance(number), torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            logits = self._network(batch.pixels.to(self._device))
            loss = self.phase.loss(logits, batch.target.to(self._device), batch.counted.to(self._device))
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._learning.parameters(), MAX_GRADIENT)
        self.optimiser.step()
        return float(loss.detach())

    @contextmanager
    def _own_chance(self, number: int) -> Iterator[None]:
        """Dropout depends on the step alone, so that a resumed run drops the same."""
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed((self._seed * 2 + self.phase.number) * 1_000_003 + number)
            yield
