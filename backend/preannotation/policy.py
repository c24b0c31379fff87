"""Exposure: which reader sees the model's outlines first, decided before anyone has read the case."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from backend.records import Exposure

ExposureSetting = Literal["alternate", "both", "none"]

BOTH_BLIND: tuple[Exposure, Exposure] = ("blind", "blind")


@dataclass(frozen=True)
class ExposurePolicy:
    """What the two readers of a study are to see first. Third readers and hidden repeats are blind without asking.

    Attributes:
        setting: `alternate` (of the two exactly one is assisted), `both` or `none`.
        control_share: of the studies that may be shown, the share that nobody is shown, to compare with.
        seed: of the home.
    """

    setting: ExposureSetting
    control_share: float
    seed: int

    def pair(self, study_token: str, *, blind: bool) -> tuple[Exposure, Exposure]:
        """What the first and the second reader (by number) of a study see first.

        Under `alternate` a seeded hash of the token draws which of the two is assisted, so that each place is assisted
        on about half of the studies.

        Args:
            study_token: the study's name on worklists.
            blind: nobody may be shown anything: it is in the control arm or in the frozen test set.
        """
        if blind or self.setting == "none":
            return BOTH_BLIND
        if self.setting == "both":
            return "assisted", "assisted"
        first_assisted = self._digest("exposure", study_token)[0] % 2
        return ("assisted", "blind") if first_assisted else ("blind", "assisted")

    def in_control_arm(self, study_token: str) -> bool:
        """Whether the seeded draw puts the study into the control arm."""
        return int.from_bytes(self._digest("control", study_token)[:8]) / 2**64 < self.control_share

    def _digest(self, purpose: str, study_token: str) -> bytes:
        return hashlib.sha256(f"{purpose}\0{self.seed}\0{study_token}".encode()).digest()
