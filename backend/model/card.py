"""The card that a weights file carries, read without torch: pages and commands ask for it, and need no network."""

import hashlib
import json
from typing import Any

from backend.errors import InputError
from backend.sentences import say

LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header, little-endian; the header is JSON."""
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How files of `torch.save` and of `pickle` begin."""


def card_inside(weights: bytes) -> dict[str, Any]:
    """The card in the header of a safetensors file.

    Raises:
        InputError: a pickle, not a safetensors file, or one without a card.
    """
    if weights.startswith(PICKLES):
        raise InputError(say("is a pickle, which could run a program when it is opened; save the model as safetensors"))
    end = LENGTH_BYTES + int.from_bytes(weights[:LENGTH_BYTES], "little")
    try:
        card = json.loads(json.loads(weights[LENGTH_BYTES:end])["__metadata__"]["card"])
    except (ValueError, KeyError, TypeError, RecursionError):
        card = None
    if not isinstance(card, dict):
        raise InputError(
            say("is not a Scintiloop model file; give one with the ending .safetensors, whole and with its card")
        )
    return card


def card_digest(card: dict[str, Any]) -> str:
    """SHA-256 of the card as sorted JSON."""
    return hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
