"""From what networks say to probabilities that mean something: straight lines on the logit scale, chosen per model.

Platt, Advances in Large Margin Classifiers, 1999. A model without lines says what its networks say.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backend.errors import InputError
from converters.regions import LABELS, Label

TYPICAL_PIXELS = 30.0
"""Size of a lesion whose confidence its mean probability alone decides."""


@dataclass(frozen=True)
class Line:
    """`slope · logit + intercept` is the calibrated logit."""

    slope: float = 1.0
    intercept: float = 0.0

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(logits.float() * self.slope + self.intercept)


@dataclass(frozen=True)
class RegionLine:
    """How sure it is that an outlined lesion is one: a line on the logit of its mean probability and on its size."""

    mean: float = 1.0
    size: float = 0.0
    intercept: float = 0.0

    def confidence(self, mean_probability: float, pixels: int) -> float:
        """In (0, 1)."""
        value = self.intercept + float(np.dot((self.mean, self.size), region_features(mean_probability, pixels)))
        return float(1 / (1 + np.exp(-value)))


@dataclass(frozen=True)
class Calibration:
    """Args: pixels: by label, of the U-Net; crops: by label, of the classifier; region: of outlined lesions."""

    pixels: Mapping[Label, Line] = field(default_factory=lambda: dict.fromkeys(LABELS, Line()))
    crops: Mapping[Label, Line] = field(default_factory=lambda: dict.fromkeys(LABELS, Line()))
    region: RegionLine = RegionLine()

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> "Calibration":
        """Raises: InputError: the card's calibration is none."""
        given = card.get("calibration")
        if given is None:
            return UNCALIBRATED
        try:
            pixels, crops = ({label: Line(**given[part][label]) for label in LABELS} for part in ("pixels", "crops"))
            return cls(pixels, crops, RegionLine(**given["region"]))
        except (KeyError, TypeError):
            raise InputError("the model card's calibration cannot be read; take the file as it was made") from None

    def to_card(self) -> dict[str, Any]:
        return asdict(self)


UNCALIBRATED = Calibration()


def region_features(mean_probability: float, pixels: int) -> NDArray[np.float64]:
    """`(2,)`: the logit of the mean probability and the logarithm of the size, each 0 for an undecided typical one."""
    mean = min(max(mean_probability, 1e-4), 1 - 1e-4)
    return np.array([np.log(mean / (1 - mean)), np.log(max(pixels, 1) / TYPICAL_PIXELS)])
