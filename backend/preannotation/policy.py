"""Exposure: which reader sees the model's outlines first, decided before anyone has read the case."""

import hashlib
from typing import Literal

from backend.records import Exposure

ExposureSetting = Literal["alternate", "both", "none"]


def exposure(
    setting: ExposureSetting, reader_number: int, study_token: str, sequestered: bool, seed: int = 0
) -> Exposure:
    """What one reader is to see first on one study.

    Under `alternate`, readers of odd number are assisted on the studies that a seeded hash of the token draws (about
    half) and readers of even number on the others, so that of two readers exactly one is untouched by the model.

    Args:
        setting: `alternate`, `both` (all assisted) or `none` (all blind).
        reader_number: 1, 2, …
        study_token: the study's name on worklists.
        sequestered: belongs to the frozen test set; then blind, whatever the setting.
        seed: of the home.
    """
    if sequestered or setting == "none":
        return "blind"
    if setting == "both":
        return "assisted"
    drawn = hashlib.sha256(f"exposure\0{seed}\0{study_token}".encode()).digest()[0] % 2
    return "assisted" if reader_number % 2 == drawn else "blind"
