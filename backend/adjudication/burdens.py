"""The burden of a case: live as the decisions leave it, and as each of the two readings has it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from backend.adjudication.case import CaseProjection, CaseStudy, masks_of
from backend.adjudication.order import Shown
from backend.adjudication.steps import Decided
from backend.measures.burden import BurdenView, study_burden
from backend.records import LabelMasks

Beside = Mapping[int, LabelMasks | None]
"""The masks of projections that are not in the work, by image; None where they have no reference."""


def burden_live(case: CaseStudy, stands: Decided, beside: Beside) -> dict[str, Any]:
    """With the decisions so far; undecided disputes count by the consensus rule, excluded projections not at all."""
    return _burden(
        (one, beside[one.image_id] if one.image_id in beside else masks_of(case, one, stands))
        for one in case.projections
    )


def burden_of(case: CaseStudy, shown: Shown) -> dict[str, Any]:
    """As one of the two readings has it; projections that its reader could not read are left out."""
    return _burden((one, _masks_of_reading(one, case.order[shown])) for one in case.projections)


def bstbi_change(case: CaseStudy) -> float:
    """|BSTBI by the one reading − by the other|; 0 where either is undefined."""
    first, second = (burden_of(case, shown)["bstbi"] for shown in case.order)
    return 0.0 if first is None or second is None else abs(first - second)


def _masks_of_reading(projection: CaseProjection, side: str) -> LabelMasks | None:
    if projection.compared is None:
        return None
    reading = projection.compared.a if side == "a" else projection.compared.b
    return None if reading.exclusion else reading.masks


def _burden(masks: Iterable[tuple[CaseProjection, LabelMasks | None]]) -> dict[str, Any]:
    views = [
        BurdenView(one.projection, one.sub_images, drawn, one.pixel_mm) for one, drawn in masks if drawn is not None
    ]
    return asdict(study_burden(views))
