"""Whose reading is called the first: drawn for each case, so that nobody learns to know a reader by the place."""

from typing import Literal

from backend.settings import Settings
from backend.store.secrets import keyed_digest

Shown = Literal["first", "second"]
Sides = Literal["a", "b"]


def order_of(settings: Settings, token: str) -> dict[Shown, Sides]:
    """Which reading the physicians of a case see as the first and the second; the same for all of them, always."""
    even = int(keyed_digest(settings, "adjudication-order", token)[:8], 16) % 2 == 0
    return {"first": "a", "second": "b"} if even else {"first": "b", "second": "a"}
