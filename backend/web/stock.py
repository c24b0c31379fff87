"""What data there is, counted in the database; no mask is opened for it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.datasets.freeze import versions
from backend.jobs.steps.news import champions_dataset, is_new, that_stands
from backend.settings import Settings
from backend.store.images import encode_png
from backend.store.readings import counting
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Image, Patient, Reading, Reference, Study
from converters.grid import GRID_SHAPE

SIDES = ("train", "validation", "test", "undecided")
"""`test` is what is sequestered, `undecided` whoever came after the last freeze."""


@dataclass(frozen=True)
class _Projection:
    side: str
    patient: int
    study: Study
    reference: Reference | None


def stock(settings: Settings) -> dict[str, Any]:
    """Counts as JSON: by side, of the control arm, by label, exposure and reason, and new since the champion."""
    with open_session(settings) as session:
        readings: defaultdict[int, list[Reading]] = defaultdict(list)
        for reading in session.scalars(counting()):
            readings[reading.image_id].append(reading)
        projections = _projections(session, readings)
        since = champions_dataset(session)
    references = [one for one in projections if one.reference is not None]
    return {
        "sides": {side: _side([one for one in projections if one.side == side]) for side in SIDES},
        "control": len({one.study.id for one in projections if one.study.control}),
        "known": Counter(_truth(study) for study in {one.study.id: one.study for one in projections}.values()),
        "exposures": Counter(reading.exposure for pair in readings.values() for reading in pair),
        "labels": _labels(references),
        "exclusions": _exclusions(references),
        "new": _new(references, since),
        "datasets": versions(settings),
    }


def _projections(session: Session, readings: dict[int, list[Reading]]) -> list[_Projection]:
    newest = {row.image_id: row for row in session.scalars(select(Reference).order_by(Reference.id))}
    rows = session.execute(select(Image, Study, Patient).join(Image.study).join(Study.patient).order_by(Image.id))
    found = []
    for image, study, patient in rows:
        reference = newest.get(image.id)
        counted = [reading.id for reading in readings.get(image.id, [])]
        kept = that_stands(reference, counted)
        side = "test" if patient.sequestered else patient.split or "undecided"
        found.append(_Projection(side, patient.id, study, kept))
    return found


def _side(projections: list[_Projection]) -> dict[str, int]:
    statuses = Counter(_status(one) for one in projections)
    return {
        "patients": len({one.patient for one in projections}),
        "studies": len({one.study.id for one in projections}),
        "projections": len(projections),
        **{name: statuses[name] for name in ("agreed", "adjudicated", "excluded", "open")},
    }


def _status(projection: _Projection) -> str:
    return projection.reference.status if projection.reference else "open"


def _truth(study: Study) -> str:
    return {True: "positive", False: "negative", None: "unknown"}[study.metastasis]


def _labels(projections: Iterable[_Projection]) -> dict[str, int]:
    """References that hold each label: their mask is not the empty one, which always has the same hash."""
    nothing = hashlib.sha256(encode_png(np.zeros(GRID_SHAPE, np.uint8))).hexdigest()
    references = [one.reference for one in projections if one.reference and one.reference.status != "excluded"]
    return {
        "metastasis": sum(one.metastasis_sha256 not in (None, nothing) for one in references),
        "bladder": sum(one.bladder_sha256 not in (None, nothing) for one in references),
        "references": len(references),
    }


def _exclusions(projections: Iterable[_Projection]) -> Counter[str | None]:
    references = [one.reference for one in projections if one.reference]
    return Counter(reference.reason for reference in references if reference.status == "excluded")


def _new(projections: list[_Projection], since: DatasetVersion | None) -> dict[str, Any]:
    """What a training started now would have beyond the champion's."""
    frozen = since.created if since else None
    fresh = [one.study.id for one in projections if is_new(one.reference, frozen)]
    return {
        "champions_dataset": since.id if since else None,
        "references": len(fresh),
        "studies": len(set(fresh)),
    }
