"""What one model makes of one projection: counted once, kept as a plain document for reports and comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from backend.measures.burden import bstbi
from backend.measures.overlap import Overlap, overlap, pooled_dice
from backend.model.inference import Predictor
from backend.records import Exposure, LabelMasks, Prediction, Projection, SubImage, Window
from converters.regions import LABELS

Score = dict[str, Any]
"""One projection: who and what, `dice` and `counts` by label, `crop_probability`, `lesion_pixels`, `bstbi` of model and
reference, `readers` and `between_readers`; JSON-able."""


@dataclass(frozen=True, eq=False)
class Case:
    """One sequestered projection with its reference and the readings that count.

    Attributes:
        study: its token.
        truth_call: the patient-level truth of the `metastasis` column; None where it is empty.
        readings: disjoint masks by reader.
        exposures: what each reader saw first.
        contributed: readers whose reading made the reference.
        pixel_mm: mm per grid pixel.
    """

    patient: str
    study: str
    projection: Projection
    age: float | None
    truth_call: bool | None
    sub_images: Mapping[Window, SubImage]
    reference: LabelMasks
    readings: Mapping[str, LabelMasks] = field(default_factory=dict)
    exposures: Mapping[str, Exposure] = field(default_factory=dict)
    contributed: frozenset[str] = frozenset()
    pixel_mm: float | None = None


def score_case(case: Case, predictor: Predictor) -> tuple[Score, Prediction]:
    """The score of a case, and the prediction it was counted from.

    Raises:
        ScanError: the case's sub-images cannot be used.
    """
    prediction = predictor.predict(case.sub_images, outlines=False)
    return score_prediction(case, prediction), prediction


def score_prediction(case: Case, prediction: Prediction) -> Score:
    masks, reference = prediction.masks, case.reference
    counts = _compare(masks, reference, reference)
    return {
        "patient": case.patient,
        "study": case.study,
        "projection": case.projection,
        "age": case.age,
        "truth_call": case.truth_call,
        "reference_lesion": bool(reference.metastasis.any()),
        "crop_probability": dict(prediction.crop_probability),
        "lesion_pixels": int(np.count_nonzero(masks.metastasis)),
        "counts": {label: list(count) for label, count in counts.items()},
        "dice": {label: _dice(count) for label, count in counts.items()},
        "bstbi": {"model": _bstbi(case, masks), "reference": _bstbi(case, reference)},
        "readers": {name: _reader(case, name, masks) for name in sorted(case.readings)},
        "between_readers": [_pair(case, a, b) for a, b in combinations(sorted(case.readings), 2)],
    }


def _reader(case: Case, name: str, masks: LabelMasks) -> Score:
    reading = case.readings[name]
    return {
        "contributed": name in case.contributed,
        "exposure": case.exposures.get(name),
        "to_model": {label: list(count) for label, count in _compare(masks, reading).items()},
        "to_reference": {
            label: list(count) for label, count in _compare(reading, case.reference, case.reference).items()
        },
    }


def _pair(case: Case, a: str, b: str) -> Score:
    counts = _compare(case.readings[a], case.readings[b])
    return {
        "readers": [a, b],
        "exposures": sorted(str(case.exposures.get(name)) for name in (a, b)),
        "counts": {label: list(count) for label, count in counts.items()},
    }


def _compare(a: LabelMasks, b: LabelMasks, ignoring: LabelMasks | None = None) -> dict[str, Overlap]:
    return {label: overlap(a[label], b[label], ignoring.ignored if ignoring else None) for label in LABELS}


def _dice(count: Overlap) -> float | None:
    return pooled_dice([count])


def _bstbi(case: Case, masks: LabelMasks) -> list[float | None]:
    return [bstbi(image, masks.metastasis, masks.bladder) for _, image in sorted(case.sub_images.items())]
