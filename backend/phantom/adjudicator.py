"""The simulated physician: knows the phantom's truth and takes the outline that fits it best."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np

from backend.records import LabelMasks
from converters.regions import Label, Mask

Decision = Literal["a", "b", "none"]
WORTH_KEEPING = 0.1
"""Overlap (IoU) with the truth below which an outline is no finding at all."""


class Side(Protocol):
    """What one reader says: a mask in the frame of its dispute."""

    @property
    def label(self) -> Label: ...
    @property
    def mask(self) -> Mask: ...


class Dispute(Protocol):
    """One place where two readers differ; a side that drew nothing there is None."""

    @property
    def identifier(self) -> int: ...
    @property
    def at(self) -> tuple[int, int]: ...
    @property
    def a(self) -> Side | None: ...
    @property
    def b(self) -> Side | None: ...


def decide(truth: LabelMasks, disputes: Sequence[Dispute]) -> dict[int, Decision]:
    """For each dispute the side whose outline overlaps the truth best, `none` where neither does.

    Args:
        truth: the phantom's masks on the grid.
    """
    return {dispute.identifier: _choose(truth, dispute) for dispute in disputes}


def _choose(truth: LabelMasks, dispute: Dispute) -> Decision:
    sides: Mapping[Decision, Side | None] = {"a": dispute.a, "b": dispute.b}
    scores = {
        name: 0.0 if side is None else _iou(_near(truth, dispute, side), side.mask) for name, side in sides.items()
    }
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= WORTH_KEEPING else "none"


def _near(truth: LabelMasks, dispute: Dispute, side: Side) -> Mask:
    """The truth in the dispute's frame: what lies elsewhere in the image is another dispute's business."""
    (top, left), (rows, columns) = dispute.at, side.mask.shape
    return truth[side.label][top : top + rows, left : left + columns]


def _iou(truth: Mask, drawn: Mask) -> float:
    union = np.count_nonzero(truth | drawn)
    return np.count_nonzero(truth & drawn) / union if union else 0.0
