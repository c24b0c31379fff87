"""A training step against a plain loop with the same network, and against what this processor's convolutions can do."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import segmentation_models_pytorch as smp
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from backend.model.networks import Architecture, build
from backend.records import LabelMasks
from backend.training.meter import peak_of_this_process
from backend.training.phases import phases
from backend.training.recipe import Recipe
from backend.training.sampling import Batch, Sample, Sampler
from backend.training.stepper import Stepper, can_compute_bf16
from converters.grid import GRID_SHAPE

ROUNDS = 5
ENCODERS = ("resnet34", "timm-tf_efficientnet_lite0")
BATCH = 16
WIDTHS = ((64, 128), (128, 64), (256, 32))
"""(channels, rows and columns) of the convolutions whose best speed is called the roof."""


def measure() -> Iterator[str]:
    lines = [
        "## Training steps",
        "",
        "One optimiser step of the U-Net, 16 crops of 256 × 256. Plain: the same network in float32, default memory "
        "layout, Adam, its batch ready. Ours: drawing the crops, augmentation, bfloat16 where it pays, channels last. "
        "In turns, medians of 5. The roof is the best speed of a 3 × 3 convolution, forwards and backwards, in the "
        "precision that the step uses.",
        "",
        "| encoder | plain, s | ours, s | ratio | drawing crops | share of the roof | peak memory, MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for encoder in ENCODERS:
        lines.append(_row(encoder))
        yield "\n".join(lines)


def _row(encoder: str) -> str:
    sampler, recipe = Sampler(_samples(), BATCH, 0), Recipe(encoder=encoder, batch=BATCH)
    stepper = Stepper(phases(recipe)[0], build(Architecture.named(encoder)), recipe)
    batch = sampler.draw(0, 0, 0.5)
    plain = _plain_step(encoder, batch)
    times: dict[str, list[float]] = {"plain": [], "draw": [], "step": []}
    for number in range(ROUNDS + 1):
        times["plain"].append(_seconds(plain))
        times["draw"].append(_seconds(lambda number=number: sampler.draw(0, number, 0.5)))
        times["step"].append(_seconds(lambda number=number: stepper.step(batch, number)))
    median = {name: statistics.median(values[1:]) for name, values in times.items()}
    ours = median["draw"] + median["step"]
    bf16 = can_compute_bf16(torch.device("cpu")) and not Architecture.named(encoder).depthwise
    share = _flops(encoder, batch) / median["step"] / _roof(torch.bfloat16 if bf16 else torch.float32)
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.training", encoder]
    memory = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout.strip()
    return (
        f"| {encoder}, {'bfloat16' if bf16 else 'float32'} | {median['plain']:.2f} | {ours:.2f} | "
        f"{median['plain'] / ours:.1f} | {median['draw'] / ours:.1%} | {share:.0%} | {memory} |"
    )


def _samples() -> list[Sample]:
    chance = np.random.default_rng(0)
    lesion = np.zeros(GRID_SHAPE, bool)
    lesion[300:320, 100:120] = True
    images = [(255 - chance.poisson(20, GRID_SHAPE)).astype(np.uint8) for _ in range(8)]
    return [
        Sample({"low": one, "high": one}, LabelMasks(lesion, lesion & False), f"p{n}") for n, one in enumerate(images)
    ]


def _plain_step(encoder: str, batch: Batch) -> Callable[[], None]:
    """As a first loop is written: float32, no thought of layout."""
    architecture = Architecture.named(encoder)
    network = smp.Unet(encoder, encoder_weights=None, classes=2, decoder_channels=architecture.decoder_channels)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    pixels, target = batch.pixels.contiguous(), batch.target.contiguous()
    if architecture.reduction > 1:
        pixels = functional.avg_pool2d(pixels, architecture.reduction)
        target = functional.avg_pool2d(target, architecture.reduction)

    def step() -> None:
        optimiser.zero_grad()
        functional.binary_cross_entropy_with_logits(network(pixels), target).backward()
        optimiser.step()

    return step


def _flops(encoder: str, batch: Batch) -> float:
    recipe = Recipe(encoder=encoder, batch=BATCH)
    stepper = Stepper(phases(recipe)[0], build(Architecture.named(encoder)), recipe)
    with FlopCounterMode(display=False) as counter:
        stepper.step(batch, 0)
    return float(counter.get_total_flops())


def _roof(dtype: torch.dtype) -> float:
    """FLOP per second of the best of some convolutions, forwards and backwards."""
    best = 0.0
    for channels, side in WIDTHS:
        pixels = torch.randn(BATCH, channels, side, side, dtype=dtype, requires_grad=True)
        pixels = pixels.to(memory_format=torch.channels_last).detach().requires_grad_()
        kernel = torch.randn(channels, channels, 3, 3, dtype=dtype, requires_grad=True)

        def both(pixels: torch.Tensor = pixels, kernel: torch.Tensor = kernel) -> None:
            out = functional.conv2d(pixels, kernel, padding=1)
            out.backward(torch.ones_like(out))

        seconds = min(_seconds(both) for _ in range(4))
        best = max(best, 3 * 2 * 9 * channels**2 * side**2 * BATCH / seconds)
    return best


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _peak(encoder: str) -> None:
    """Trains a few steps in this process and prints its peak memory in MB."""
    recipe = Recipe(encoder=encoder, batch=BATCH)
    sampler = Sampler(_samples(), BATCH, 0)
    stepper = Stepper(phases(recipe)[0], build(Architecture.named(encoder)), recipe)
    for number in range(3):
        stepper.step(sampler.draw(0, number, 0.5), number)
    sys.stdout.write(f"{peak_of_this_process():.0f}\n")


if __name__ == "__main__":
    _peak(sys.argv[1])
