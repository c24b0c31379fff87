"""From probabilities to disjoint masks and outlines that a reader can edit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import ndimage

from backend.model.calibration import UNCALIBRATED, RegionLine
from backend.records import LabelMasks, Probability
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import LABELS, Label, Mask, Region
from converters.trace import simplify, trace

MAX_POINTS = 60
EIGHT_CONNECTED = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Thresholds:
    """Where probability becomes a call.

    Args:
        crop: the classifier calls a crop at this probability or above.
        metastasis, bladder: the U-Net calls a pixel.
        smallest_lesion: components of the metastasis mask below this many pixels are dropped.
    """

    crop: float = 0.5
    metastasis: float = 0.5
    bladder: float = 0.5
    smallest_lesion: int = 4

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> "Thresholds":
        return cls(**card.get("thresholds", {}))

    def to_card(self) -> dict[str, float | int]:
        return asdict(self)

    def __getitem__(self, label: Label) -> float:
        return self.metastasis if label == "metastasis" else self.bladder


def to_masks(probability: Mapping[Label, Probability], thresholds: Thresholds) -> LabelMasks:
    """Disjoint `(1024, 256)` masks: the bladder wins, lesions too small are dropped."""
    bladder = probability["bladder"] >= thresholds.bladder
    metastasis = (probability["metastasis"] >= thresholds.metastasis) & ~bladder
    return LabelMasks(metastasis=drop_small(metastasis, thresholds.smallest_lesion), bladder=bladder)


def drop_small(mask: Mask, pixels: int) -> Mask:
    """The mask without its 8-connected components of fewer than `pixels` pixels."""
    if pixels <= 1:
        return mask
    components, _ = ndimage.label(mask, EIGHT_CONNECTED)
    large = np.bincount(components.ravel()) >= pixels
    large[0] = False
    kept: Mask = large[components]
    return kept


def to_regions(
    masks: LabelMasks, probability: Mapping[Label, Probability], confidence: RegionLine = UNCALIBRATED.region
) -> tuple[Region, ...]:
    """One outline of at most 60 points per component.

    A lesion's score is the confidence that it is one, a bladder's its mean probability.
    """
    return tuple(
        replace(
            simplify(region, GRID_SHAPE, max_points=MAX_POINTS), score=_score(region, probability[label], confidence)
        )
        for label in LABELS
        for region in trace(masks[label], label)
    )


def _score(region: Region, probability: Probability, confidence: RegionLine) -> float:
    inside = draw([region], GRID_SHAPE).masks[region.label]
    mean = float(probability[inside].mean())
    return mean if region.label == "bladder" else confidence.confidence(mean, int(np.count_nonzero(inside)))
