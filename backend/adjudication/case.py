"""A case as a physician has it: the projections of a study and what is disputed in each, kept at hand."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np

from backend.adjudication.compared import Compared, compared
from backend.adjudication.consensus import Part, compose
from backend.adjudication.decide import by_rule, decided, drawn_parts
from backend.adjudication.findings import Dispute
from backend.adjudication.order import Shown, Sides, order_of
from backend.adjudication.outlines import region_of
from backend.adjudication.steps import Decided
from backend.records import LabelMasks, Projection, SubImage, Window
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.images import load_grid_image
from backend.store.sealed import SealedReading, sealed_study
from backend.store.session import open_session
from backend.store.tables import Study
from converters.grid import GRID_SHAPE
from converters.regions import LABELS

SHOWN_CHOICES = ("first", "second", "union", "intersection", "none", "midway", "edit")
CASES_AT_HAND = 16
DRAWINGS_AT_HAND = 1024

Chosen = tuple[tuple[int, tuple[int, ...]], ...]
"""The readings of a study that are looked at: image id and ids of its readings, by image."""


@dataclass(frozen=True, eq=False)
class CaseProjection:
    """One projection: its pictures, and its two readings compared (None where there are fewer)."""

    image_id: int
    projection: Projection
    sub_images: dict[Window, SubImage]
    pixel_mm: float | None
    compared: Compared | None

    @property
    def disputes(self) -> tuple[Dispute, ...]:
        return self.compared.disputes if self.compared else ()

    @cached_property
    def rules(self) -> dict[str, Part | None]:
        """What the consensus rule says of each dispute, by key; of an exclusion it says nothing."""
        return {one.key: None if one.kind == "exclusion" else by_rule(one) for one in self.disputes}

    @cached_property
    def settled(self) -> tuple[Part, ...]:
        """What is not disputed, as few parts of the whole grid."""
        masks = {label: np.zeros(GRID_SHAPE, bool) for label in LABELS}
        ignored = np.zeros(GRID_SHAPE, bool)
        for part in self.compared.findings.settled if self.compared else ():
            rows, columns = _shape(part)
            box = np.s_[part.at[0] : part.at[0] + rows, part.at[1] : part.at[1] + columns]
            if part.mask is not None:
                masks[part.label][box] |= part.mask
            if part.ignored is not None:
                ignored[box] |= part.ignored
        return (*(Part(label, mask=masks[label]) for label in LABELS), Part("metastasis", ignored=ignored))


@dataclass(frozen=True, eq=False)
class CaseStudy:
    """A study before a physician; `order` says which reading is shown as the first."""

    study_id: int
    token: str
    sequestered: bool
    order: dict[Shown, Sides]
    projections: tuple[CaseProjection, ...]

    @cached_property
    def disputes(self) -> dict[str, tuple[CaseProjection, Dispute]]:
        return {one.key: (projection, one) for projection in self.projections for one in projection.disputes}

    @property
    def patient_call_differs(self) -> bool:
        return any(one.compared is not None and one.compared.patient_call_differs for one in self.projections)

    def choice(self, shown: str) -> str:
        """A choice in terms of the readings a and b, from one in terms of the first and the second."""
        return next((side for name, side in self.order.items() if name == shown), shown)

    def shown(self, choices: Iterable[str]) -> list[str]:
        """The other way round, in an order that tells nothing of the readings'."""
        names: dict[str, str] = {side: name for name, side in self.order.items()}
        return sorted((names.get(choice, choice) for choice in choices), key=SHOWN_CHOICES.index)


@lru_cache(maxsize=CASES_AT_HAND)
def load_case(settings: Settings, study_id: int, chosen: Chosen) -> CaseStudy:
    """The case as these readings make it; the same object while it is at hand.

    Raises:
        NotFound: no study has that id, or a blob is missing.
    """
    study = sealed_study(settings, study_id, dict(chosen))
    blobs = blobs_of(settings)
    with open_session(settings) as session:
        row = session.get_one(Study, study_id)
        token, sequestered = row.token, row.patient.sequestered
        grids = {image.id: load_grid_image(blobs, image) for image in row.images}
    projections = tuple(
        CaseProjection(
            image.image_id,
            image.projection,
            grids[image.image_id].sub_images,
            grids[image.image_id].pixel_mm,
            compared(study, image, settings.agreement_rules),
        )
        for image in study
    )
    return CaseStudy(study_id, token, sequestered, order_of(settings, token), projections)


def masks_of(case: CaseStudy, projection: CaseProjection, stands: Decided) -> LabelMasks | None:
    """The projection as the decisions leave it, undecided disputes by the consensus rule; None where it is excluded,
    or where nobody has decided yet whether it can be read.

    This is what the reference will be once everything is decided.
    """
    if projection.projection in stands.exclusions or projection.compared is None:
        return None
    parts = [*projection.settled, *_added(projection, stands)]
    for dispute in projection.disputes:
        decision = stands.decisions.get(dispute.key)
        if dispute.kind == "exclusion":
            reading = chosen_reading(case, projection, decision)
            if reading is None or reading.exclusion:
                return None
            parts += [Part(label, mask=reading.masks[label]) for label in LABELS]
        elif decision is None:
            parts.append(cast(Part, projection.rules[dispute.key]))
        else:
            parts += decision_parts(case, dispute, decision)
    return compose(parts, np.zeros(GRID_SHAPE, bool))


def decision_parts(case: CaseStudy, dispute: Dispute, decision: Mapping[str, Any]) -> tuple[Part, ...]:
    """What a physician's decision on a dispute about outlines gives the reference."""
    if decision["choice"] == "edit":
        return drawing(json.dumps(decision["regions"]))
    return decided(dispute, case.choice(decision["choice"]))


def chosen_reading(
    case: CaseStudy, projection: CaseProjection, decision: Mapping[str, Any] | None
) -> SealedReading | None:
    """The reading that was taken as a whole, where the dispute is whether the image can be read; None for neither."""
    if decision is None or projection.compared is None:
        return None
    return {"a": projection.compared.a, "b": projection.compared.b}.get(case.choice(decision["choice"]))


@lru_cache(maxsize=DRAWINGS_AT_HAND)
def drawing(regions: str) -> tuple[Part, ...]:
    """What checked regions (JSON) cover."""
    return drawn_parts([region_of(region) for region in json.loads(regions)])


def _added(projection: CaseProjection, stands: Decided) -> Iterator[Part]:
    for addition in stands.added.values():
        if addition["projection"] == projection.projection:
            yield from drawing(json.dumps([addition["region"]]))


def _shape(part: Part) -> tuple[int, int]:
    mask = part.mask if part.mask is not None else cast(Any, part.ignored)
    rows, columns = mask.shape
    return rows, columns
