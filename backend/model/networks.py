"""The two networks of one model version: a classifier that says where to look and a U-Net that outlines.

Both share the kind of encoder, named as in segmentation-models-pytorch; neither ever downloads weights.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.encoders import get_encoder
from torch import nn

from backend.errors import InputError
from converters.regions import LABELS

INPUT_CHANNELS = 3
"""Low window, high window and their mean: three, so that weights trained on colour photographs fit."""

GPU_ENCODER = "resnet34"
CPU_ENCODER = "timm-tf_efficientnet_lite0"
ENCODERS: dict[str, tuple[int, ...]] = {
    "resnet34": (256, 128, 64, 32, 16),
    "resnet18": (64, 48, 32, 24, 16),
    CPU_ENCODER: (64, 48, 32, 24, 16),
}
"""Encoders that may be asked for, with the channels of the U-Net's decoder from deep to shallow."""

RARE_PIXEL_BIAS = -3.0
"""First logit of a lesion pixel: lesions are rare, and a start near their frequency saves the first steps."""


@dataclass(frozen=True)
class Architecture:
    """What it takes to rebuild both networks before their weights are loaded."""

    encoder: str
    decoder_channels: tuple[int, ...]

    @classmethod
    def named(cls, encoder: str) -> "Architecture":
        """Raises: InputError: not one of `ENCODERS`."""
        if encoder not in ENCODERS:
            raise InputError(f"unknown encoder {encoder!r}; choose one of {', '.join(ENCODERS)}", field="encoder")
        return cls(encoder, ENCODERS[encoder])

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "Architecture":
        """Raises: InputError: the card does not describe an architecture."""
        try:
            described = card["architecture"]
            return replace(cls.named(described["encoder"]), decoder_channels=tuple(described["decoder_channels"]))
        except (KeyError, TypeError):
            raise InputError("the model card names no architecture; it is not a Scintiloop model") from None

    def to_card(self) -> dict[str, Any]:
        return asdict(self) | {"decoder_channels": list(self.decoder_channels)}


class CropClassifier(nn.Module):
    """Multi-label classifier of crops: an encoder, its mean and maximum over the crop, one linear layer.

    The maximum lets one small lesion speak for a whole crop. Input `(n, 3, rows, columns)` float32, rows and columns
    multiples of 32; output `(n, 2)` logits in the order of `LABELS`.
    """

    def __init__(self, encoder: str) -> None:
        super().__init__()
        self.encoder = get_encoder(encoder, in_channels=INPUT_CHANNELS, depth=5, weights=None)
        self.head = nn.Linear(2 * self.encoder.out_channels[-1], len(LABELS))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        deepest: torch.Tensor = self.encoder(pixels)[-1]
        pooled = torch.cat([deepest.mean(dim=(2, 3)), deepest.amax(dim=(2, 3))], dim=1)
        logits: torch.Tensor = self.head(pooled)
        return logits


@dataclass(frozen=True, eq=False)
class Networks:
    """`segmentation`: `(n, 3, rows, columns)` → `(n, 2, rows, columns)` logits; `classification`: `CropClassifier`."""

    architecture: Architecture
    segmentation: nn.Module
    classification: nn.Module

    def named(self) -> dict[str, nn.Module]:
        return {"segmentation": self.segmentation, "classification": self.classification}


def build(architecture: Architecture, seed: int = 0) -> Networks:
    """Both networks with random weights that depend on `seed` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        segmentation = smp.Unet(
            architecture.encoder,
            encoder_weights=None,
            in_channels=INPUT_CHANNELS,
            classes=len(LABELS),
            decoder_channels=architecture.decoder_channels,
        )
        with torch.no_grad():
            segmentation.segmentation_head[0].bias[LABELS.index("metastasis")] = RARE_PIXEL_BIAS
        classification = CropClassifier(architecture.encoder)
    layout = torch.channels_last
    return Networks(
        architecture,
        segmentation.to(memory_format=layout),
        classification.to(memory_format=layout),
    )


def default_encoder() -> str:
    """The study's ResNet34 where there is a GPU, a small encoder where there is none."""
    return GPU_ENCODER if torch.cuda.is_available() else CPU_ENCODER
