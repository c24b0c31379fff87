"""A model version never changes: its weights are those whose hash names it, its card the one inside these weights."""

import hashlib
from typing import Any

from backend.errors import InputError, NotFound
from backend.model.card import card_digest, card_inside
from backend.sentences import say
from backend.store.blobs import BlobStore
from backend.store.tables import ModelVersion


def weights_of(blobs: BlobStore, model: ModelVersion) -> bytes:
    """The weights file of a model version, after a look at whether it is still what was stored.

    Raises:
        NotFound: the weights are missing.
        InputError: the weights, the id or the card were changed; names the model version and what was changed.
    """
    return whole_weights(blobs, model.id, model.weights_sha256, model.card)


def whole_weights(blobs: BlobStore, model_id: str, weights_sha256: str, card: dict[str, Any]) -> bytes:
    """As `weights_of`, for what was read from the database before."""
    try:
        weights = blobs.get(weights_sha256)
    except NotFound:
        raise NotFound(
            say("the weights of model version {model} are missing; restore them from a backup", model=model_id)
        ) from None
    if hashlib.sha256(weights).hexdigest() != weights_sha256 or not weights_sha256.startswith(model_id):
        raise InputError(
            say(
                "the weights of model version {model} are not those that were stored; restore them from a backup",
                model=model_id,
            )
        )
    try:
        inside = card_inside(weights)
    except InputError as error:
        raise InputError(error.message, source=f"model version {model_id}") from None
    if card_digest(inside) != card_digest(card):
        differ = sorted(name for name in inside.keys() | card.keys() if inside.get(name) != card.get(name))
        raise InputError(
            say(
                "the card of model version {model} was changed ({fields}): it is not the one inside the weights; "
                "restore a backup",
                model=model_id,
                fields=", ".join(differ),
            )
        )
    return weights


def why_not_whole(blobs: BlobStore, model: ModelVersion) -> str | None:
    """What was changed or is missing, in words; None where the model version is as it was stored."""
    try:
        weights_of(blobs, model)
    except InputError as error:
        return error.message
    except NotFound as error:
        told: str = error.args[0]
        return told
    return None
