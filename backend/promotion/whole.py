"""A model version never changes: its weights are those whose hash names it, its card the one inside these weights."""

import hashlib
from typing import Any

from backend.errors import InputError, NotFound
from backend.model.card import card_digest, card_inside
from backend.store.blobs import BlobStore
from backend.store.tables import ModelVersion

MEND = "restore it from a backup"


def weights_of(blobs: BlobStore, model: ModelVersion) -> bytes:
    """The weights file of a model version, after a look at whether it is still what was stored.

    Raises:
        NotFound: the weights are missing.
        InputError: the weights, the id or the card were changed; names the model version and what was changed.
    """
    return whole_weights(blobs, model.id, model.weights_sha256, model.card)


def whole_weights(blobs: BlobStore, model_id: str, weights_sha256: str, card: dict[str, Any]) -> bytes:
    """As `weights_of`, for what was read from the database before."""
    source = f"model version {model_id}"
    try:
        weights = blobs.get(weights_sha256)
    except NotFound:
        raise NotFound(f"{source}: its weights ({weights_sha256[:12]}…) are missing; {MEND}") from None
    if hashlib.sha256(weights).hexdigest() != weights_sha256 or not weights_sha256.startswith(model_id):
        raise InputError(f"the weights are no longer those that were stored under this id; {MEND}", source=source)
    try:
        inside = card_inside(weights)
    except InputError as error:
        raise InputError(error.message, source=source) from None
    if card_digest(inside) != card_digest(card):
        differ = sorted(name for name in inside.keys() | card.keys() if inside.get(name) != card.get(name))
        raise InputError(
            f"was changed by hand ({', '.join(differ)}): it is not the card inside the weights; {MEND}",
            source=source,
            field="card",
        )
    return weights


def why_not_whole(blobs: BlobStore, model: ModelVersion) -> str | None:
    """What was changed or is missing, in words; None where the model version is as it was stored."""
    try:
        weights_of(blobs, model)
    except (InputError, NotFound) as error:
        return str(error)
    return None
