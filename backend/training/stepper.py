"""One optimiser step: in bfloat16 where that is computed, in parts where memory is short, never on a loss of NaN."""

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from backend.errors import TrainingDiverged
from backend.model.networks import Networks
from backend.training.phases import Phase, one_cycle
from backend.training.recipe import Recipe
from backend.training.sampling import Batch
from backend.training.team import ALONE, Team

MAX_GRADIENT = 5.0
OUT_OF_MEMORY = ("out of memory", "allocate memory", "not enough memory", "could not create a primitive")
"""What torch, its allocators and oneDNN say of it."""


def can_compute_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is computed, not imitated, there."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    has = torch.cpu.get_capabilities()
    return any(bool(has.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16"))


class Stepper:
    """One phase's network, optimiser and schedule.

    Attributes:
        part: crops that go through the network at once; halved when memory runs out, their gradients are summed.
    """

    def __init__(self, phase: Phase, networks: Networks, recipe: Recipe, team: Team = ALONE) -> None:
        self.phase = phase
        self.part = recipe.batch
        self._recipe, self._team = recipe, team
        self._device = device = team.device
        self._network = networks.named()[phase.network].to(device)
        depthwise_on_cpu = networks.architecture.depthwise and device.type == "cpu"
        self._bf16 = can_compute_bf16(device) and not depthwise_on_cpu
        head_only = not phase.outlines and recipe.classifier_learns == "head"
        self._learning = networks.classification.head if head_only else self._network
        self._network.requires_grad_(False)
        self._learning.requires_grad_(True)
        self.optimiser = _optimiser(self._learning, recipe)
        self._joined = team.joined(self._network)
        self._average = _average(self._learning, recipe.averaging) if recipe.averaging else None

    @property
    def learning_rate(self) -> float:
        return float(self.optimiser.param_groups[0]["lr"])

    def step(self, batch: Batch, number: int) -> float:
        """One optimiser step; returns the loss before it.

        Raises:
            TrainingDiverged: the loss is not a number; nothing was learned from this batch.
        """
        share = one_cycle(number, self.phase.steps) if self._recipe.optimiser == "adamw" else 1.0
        for group in self.optimiser.param_groups:
            group["lr"] = self.phase.learning_rate * share
        self._network.eval()
        self._learning.train()
        loss = self._team.mean(self._gradients(self._team.share(batch), number))
        if math.isnan(loss):
            crops = ", ".join(f"projection {index} from row {top}" for index, top in batch.crops)
            raise TrainingDiverged(
                f"the loss of the {self.phase.name} is not a number at step {number + 1}; the batch held {crops} of "
                "the training side (counted from 0); look at these, or start with other weights"
            )
        nn.utils.clip_grad_norm_(self._learning.parameters(), MAX_GRADIENT)
        self.optimiser.step()
        if self._average:
            self._average.update_parameters(self._learning)
        return loss

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps besides the networks."""
        average = self._average.state_dict() if self._average else {}
        return {"optimiser": self.optimiser.state_dict(), "average": average}

    def load_state(self, state: dict[str, Any]) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        if self._average:
            self._average.load_state_dict(state["average"])

    def finish(self) -> None:
        """The averaged weights become the network's own."""
        if self._average:
            self._learning.load_state_dict(self._average.module.state_dict())

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network with its averaged weights, for a look at how it does."""
        if not self._average:
            yield
            return
        own = {name: value.clone() for name, value in self._learning.state_dict().items()}
        self.finish()
        yield
        self._learning.load_state_dict(own)

    def _gradients(self, batch: Batch, number: int) -> float:
        """Leaves the batch's gradients in the parameters; goes through it in smaller parts where memory runs out."""
        while True:
            try:
                return self._in_parts(batch, number)
            except RuntimeError as error:
                if self.part == 1 or not any(words in str(error).lower() for words in OUT_OF_MEMORY):
                    raise
            # outside the handler, whose error would keep alive all that the failed part had computed
            self.part = (self.part + 1) // 2
            gc.collect()
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _in_parts(self, batch: Batch, number: int) -> float:
        self.optimiser.zero_grad()
        size, total = len(batch.crops), 0.0
        with self._own_chance(number):
            for start in range(0, size, self.part):
                last = start + self.part >= size
                with nullcontext() if last else self._team.apart(self._joined):
                    total += self._one_part(batch.part(slice(start, start + self.part)), size)
        return total

    def _one_part(self, piece: Batch, size: int) -> float:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            logits = self._joined(piece.pixels)
            loss = self.phase.loss(logits, piece.target, piece.counted) * (len(piece.crops) / size)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    @contextmanager
    def _own_chance(self, number: int) -> Iterator[None]:
        """Dropout depends on the step alone, so that a resumed run drops the same."""
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed((self._recipe.seed * 2 + self.phase.number) * 1_000_003 + number)
            yield


def _optimiser(learning: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimiser == "adam":
        return torch.optim.Adam(learning.parameters(), weight_decay=recipe.weight_decay, fused=True)
    return torch.optim.AdamW(learning.parameters(), weight_decay=recipe.weight_decay, fused=True)


def _average(learning: nn.Module, decay: float) -> AveragedModel:
    averaging = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(learning, multi_avg_fn=averaging, use_buffers=True)
