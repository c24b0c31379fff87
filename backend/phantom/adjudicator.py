"""The simulated physician: knows the phantom's truth and takes the outline that fits it best."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from backend.records import LabelMasks
from converters.regions import Label, Mask

Decision = Literal["a", "b", "neither"]
WORTH_KEEPING = 0.1
"""Overlap (IoU) with the truth below which an outline is no finding at all."""


class Dispute(Protocol):
    """One place where two readers differ; a side that drew nothing there is None."""

    @property
    def identifier(self) -> int: ...
    @property
    def label(self) -> Label: ...
    @property
    def a(self) -> Mask | None: ...
    @property
    def b(self) -> Mask | None: ...


def decide(truth: LabelMasks, disputes: Sequence[Dispute]) -> dict[int, Decision]:
    """For each dispute the side whose outline overlaps the truth best, `neither` where none does.

    Args:
        truth: the phantom's masks on the grid of the disputes' masks.
    """
    return {dispute.identifier: _choose(truth[dispute.label], dispute) for dispute in disputes}


def _choose(truth: Mask, dispute: Dispute) -> Decision:
    near = np.zeros_like(truth)
    for mask in (dispute.a, dispute.b):
        if mask is not None:
            near |= mask
    local = truth & _reach(near)
    scores: dict[Decision, float] = {"a": _iou(local, dispute.a), "b": _iou(local, dispute.b)}
    best = max(scores, key=lambda side: scores[side])
    return best if scores[best] >= WORTH_KEEPING else "neither"


def _reach(mask: Mask) -> Mask:
    """The bounding box of a mask: truth elsewhere in the image is another dispute's business."""
    box = np.zeros_like(mask)
    rows, columns = np.nonzero(mask)
    if len(rows):
        box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    return box


def _iou(truth: Mask, drawn: Mask | None) -> float:
    if drawn is None:
        return 0.0
    union = np.count_nonzero(truth | drawn)
    return np.count_nonzero(truth & drawn) / union if union else 0.0
