"""The two networks of one model version: a classifier that says where to look and a U-Net that outlines.

Both share the kind of encoder, named as in segmentation-models-pytorch; neither ever downloads weights.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import segmentation_models_pytorch as smp
import torch
from timm.layers.drop import DropPath
from torch import nn
from torch.nn import functional

from backend.errors import InputError
from backend.model.preprocessing import crops
from converters.regions import LABELS

INPUT_CHANNELS = 3
"""Low window, high window and their mean: three, so that weights trained on colour photographs fit."""

ClassifierKind = Literal["cells", "pooled"]

GPU_ENCODER = "resnet34"
PACKAGE_ENCODER = "timm-tf_efficientnet_lite0"
"""Its ImageNet weights come with an installed package."""
CPU_ENCODER = PACKAGE_ENCODER


@dataclass(frozen=True)
class Architecture:
    """What it takes to rebuild both networks before their weights are loaded.

    Args:
        encoder: of both networks, as segmentation-models-pytorch names it.
        decoder_channels: of the U-Net, from deep to shallow.
        reduction: the networks work on pixels this many times larger; the U-Net's logits are brought back bilinearly.
        classifier: `cells` or `pooled`, see `CellClassifier` and `PooledClassifier`.
    """

    encoder: str
    decoder_channels: tuple[int, ...]
    reduction: int
    classifier: ClassifierKind = "cells"

    @classmethod
    def named(cls, encoder: str) -> "Architecture":
        """Raises: InputError: not one of `ENCODERS`."""
        if encoder not in ENCODERS:
            raise InputError(f"unknown encoder {encoder!r}; choose one of {', '.join(ENCODERS)}", field="encoder")
        return ENCODERS[encoder]

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "Architecture":
        """Raises: InputError: the card does not describe an architecture."""
        try:
            described = card["architecture"]
            known = cls.named(described["encoder"])
            channels = tuple(described["decoder_channels"])
            kind = described.get("classifier", "cells")
            if kind not in CLASSIFIERS:
                raise ValueError(kind)
            return replace(known, decoder_channels=channels, reduction=int(described["reduction"]), classifier=kind)
        except (KeyError, TypeError, ValueError):
            raise InputError("the model card names no architecture; it is not a Scintiloop model") from None

    @property
    def depthwise(self) -> bool:
        """Whether the encoder convolves channel by channel, which processors do not speed up in bfloat16."""
        return self.encoder == PACKAGE_ENCODER

    def to_card(self) -> dict[str, Any]:
        return asdict(self) | {"decoder_channels": list(self.decoder_channels)}


ENCODERS = {
    GPU_ENCODER: Architecture(GPU_ENCODER, (256, 128, 64, 32, 16), 1),
    "resnet18": Architecture("resnet18", (64, 48, 32, 24, 16), 2),
    PACKAGE_ENCODER: Architecture(PACKAGE_ENCODER, (64, 48, 32, 24, 16), 2),
}
"""Encoders that may be asked for. A scan is blurred over 3 pixels, so the small ones work on pixels twice as wide."""

CELL_PIXELS = 4
"""The classifier answers per cell of so many image pixels squared: smaller than the smallest lesions of interest."""

RARE_PIXEL_BIAS = -3.0
"""First logit of a lesion pixel: lesions are rare, and a start near their frequency saves the first steps."""


class CropOutliner(nn.Module):
    """U-Net: `(n, 3, rows, columns)` float32, rows and columns multiples of 64 → logits `(n, 2, rows, columns)`."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.reduction = architecture.reduction
        unet = _unet(architecture)
        self.encoder, self.decoder, self.head = unet.encoder, unet.decoder, unet.segmentation_head
        with torch.no_grad():
            self.head[0].bias[LABELS.index("metastasis")] = RARE_PIXEL_BIAS

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.decoder(self.encoder(_reduce(pixels, self.reduction))))
        if self.reduction == 1:
            return logits
        return functional.interpolate(logits.float(), scale_factor=self.reduction, mode="bilinear", align_corners=False)


class CellClassifier(nn.Module):
    """Multi-label classifier: `(n, 3, rows, columns)` float32, as above → `(n, 2, rows / 4, columns / 4)` logits, one
    for each cell of `CELL_PIXELS` squared, in the order of `LABELS`.

    It reads the features of a U-Net (a copy that the outlines do not depend on), averaged over cells. A crop's logit is
    that of its most suspicious cell, so one small lesion speaks for a whole crop, and masks can teach every cell.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.reduction = architecture.reduction
        unet = _unet(architecture)
        self.encoder, self.decoder = unet.encoder, unet.decoder
        self.head = nn.Conv2d(architecture.decoder_channels[-1], len(LABELS), kernel_size=1)
        nn.init.constant_(self.head.get_parameter("bias"), RARE_PIXEL_BIAS)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        features = self.decoder(self.encoder(_reduce(pixels, self.reduction)))
        logits: torch.Tensor = self.head(functional.avg_pool2d(features, CELL_PIXELS // self.reduction))
        return logits

    def over_crops(self, image: torch.Tensor) -> torch.Tensor:
        """`(3, 1024, 256)` of a whole projection → `(7, 2)` logits, one row per `preprocessing.CROP_TOPS`.

        The cells of the whole projection are computed once: overlapping crops would cost nearly twice as much.
        """
        cells = self(image[None].contiguous(memory_format=torch.channels_last))[0]
        return torch.stack([part.amax(dim=(1, 2)) for part in crops(cells)])

    def begin_from(self, outliner: CropOutliner) -> None:
        """Takes over what a U-Net of the same architecture has learned; its outlining head becomes the first guess."""
        self.encoder.load_state_dict(outliner.encoder.state_dict())
        self.decoder.load_state_dict(outliner.decoder.state_dict())
        with torch.no_grad():
            kernel = outliner.head.get_parameter("0.weight").sum(dim=(2, 3), keepdim=True)
            self.head.get_parameter("weight").copy_(kernel)
            self.head.get_parameter("bias").copy_(outliner.head.get_parameter("0.bias"))


class PooledClassifier(nn.Module):
    """The study's kind of classifier: an encoder whose last features are averaged over the whole crop.

    `(n, 3, rows, columns)` float32, as above → `(n, 2, 1, 1)` logits.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.reduction = architecture.reduction
        self.encoder = _unet(architecture).encoder
        self.head = nn.Conv2d(self.encoder.out_channels[-1], len(LABELS), kernel_size=1)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        deepest = self.encoder(_reduce(pixels, self.reduction))[-1]
        logits: torch.Tensor = self.head(functional.adaptive_avg_pool2d(deepest, 1))
        return logits

    def over_crops(self, image: torch.Tensor) -> torch.Tensor:
        """As `CellClassifier.over_crops`."""
        logits: torch.Tensor = self(crops(image).contiguous(memory_format=torch.channels_last))
        return logits[:, :, 0, 0]

    def begin_from(self, outliner: CropOutliner) -> None:
        """Learns from its own first weights, as in the study."""


CLASSIFIERS: dict[str, type[CellClassifier] | type[PooledClassifier]] = {
    "cells": CellClassifier,
    "pooled": PooledClassifier,
}


def _unet(architecture: Architecture) -> smp.Unet:
    """A U-Net with random weights, all of whose layers learn at every step: a short run has none to skip."""
    unet = smp.Unet(
        architecture.encoder,
        encoder_weights=None,
        in_channels=INPUT_CHANNELS,
        classes=len(LABELS),
        decoder_channels=architecture.decoder_channels,
    )
    for layer in unet.modules():
        if isinstance(layer, DropPath):
            layer.drop_prob = 0.0
    return unet


def _reduce(pixels: torch.Tensor, reduction: int) -> torch.Tensor:
    return pixels if reduction == 1 else functional.avg_pool2d(pixels, reduction)


@dataclass(frozen=True, eq=False)
class Networks:
    """One U-Net and one classifier of the same encoder."""

    architecture: Architecture
    segmentation: CropOutliner
    classification: CellClassifier | PooledClassifier

    def named(self) -> dict[str, nn.Module]:
        return {"segmentation": self.segmentation, "classification": self.classification}


def build(architecture: Architecture, seed: int = 0) -> Networks:
    """Both networks with random weights that depend on `seed` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        segmentation = CropOutliner(architecture)
        classification = CLASSIFIERS[architecture.classifier](architecture)
    layout = torch.channels_last
    return Networks(
        architecture,
        segmentation.to(memory_format=layout),
        classification.to(memory_format=layout),
    )


def default_encoder() -> str:
    """The study's ResNet34 where there is a GPU, a small encoder where there is none."""
    return GPU_ENCODER if torch.cuda.is_available() else CPU_ENCODER
