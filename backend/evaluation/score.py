"""What one model makes of one projection: counted once, kept as a plain document for reports and comparison."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import torch

from backend.evaluation.candidates import Confidence, candidates
from backend.evaluation.compared import compared, counts
from backend.evaluation.scores import Json, Score
from backend.evaluation.slices import slices
from backend.measures.burden import bstbi
from backend.measures.lesions import components
from backend.measures.overlap import Overlap, pooled_dice
from backend.measures.reliability import Bins, reliability_bins
from backend.model.calibration import UNCALIBRATED
from backend.model.inference import Predictor
from backend.model.preprocessing import CROP_ROWS, CROP_TOPS
from backend.records import Exposure, LabelMasks, Prediction, Projection, SubImage, Window
from converters.regions import LABELS, Label


@dataclass(frozen=True, eq=False)
class Case:
    """One sequestered projection with its reference and the readings that count.

    Attributes:
        study: its token.
        truth_call: the patient-level truth of the `metastasis` column; None where it is empty.
        readings: disjoint masks by reader.
        exposures: what each reader saw first.
        contributed: readers whose reading made the reference.
        seconds: time that a reader took for the study, where the source says.
        made_from: exposure of the readings behind the reference.
        pixel_mm: mm per grid pixel.
        names: `sex`, `primary`, `site`, where known.
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
    seconds: Mapping[str, float | None] = field(default_factory=dict)
    made_from: tuple[Exposure, ...] = ()
    pixel_mm: float | None = None
    names: Mapping[str, str | None] = field(default_factory=dict)


def score_case(case: Case, predictor: Predictor) -> tuple[Score, Prediction]:
    """The score of a case, and the prediction it was counted from.

    Raises:
        ScanError: the case's sub-images cannot be used.
    """
    started = time.perf_counter()
    prediction = predictor.predict(case.sub_images, outlines=False)
    _index(case, prediction.masks)
    took = time.perf_counter() - started
    score = score_prediction(case, prediction, predictor.calibration.region.confidence)
    return score | {"seconds": took, "device": _device(predictor.device)}, prediction


def score_prediction(
    case: Case, prediction: Prediction, confidence: Confidence = UNCALIBRATED.region.confidence
) -> Score:
    """The score without the time it took; `confidence` is the model's, of its regions."""
    masks, reference = prediction.masks, case.reference
    overlaps = counts(masks, reference, reference.ignored)
    measures, found = compared(masks, reference, reference.ignored)
    lesions = len(found.sizes_b) - 1
    return {
        "patient": case.patient,
        "study": case.study,
        "projection": case.projection,
        "age": case.age,
        "truth_call": case.truth_call,
        "reference_lesion": bool(reference.metastasis.any()),
        "slices": slices(case.age, case.names, case.made_from, reference, lesions),
        "crop_probability": dict(prediction.crop_probability),
        "crops": {label: _crops(prediction, reference, label) for label in prediction.by_crop},
        "lesion_pixels": int(np.count_nonzero(masks.metastasis)),
        "counts": _plain(overlaps),
        "dice": {label: pooled_dice([count]) for label, count in overlaps.items()},
        "measures": measures,
        "regions": candidates(prediction, reference, found, confidence),
        "calibration": {label: _calibration(prediction, reference, label) for label in LABELS},
        "bstbi": {"model": _index(case, masks), "reference": _index(case, reference)},
        "burden": {"model": _burden(masks), "reference": _burden(reference)},
        "pixel_mm": case.pixel_mm,
        "readers": {name: _reader(case, name, masks) for name in sorted(case.readings)},
        "between_readers": [_pair(case, a, b) for a, b in combinations(sorted(case.readings), 2)],
    }


def _reader(case: Case, name: str, masks: LabelMasks) -> Json:
    reading, reference = case.readings[name], case.reference
    return {
        "contributed": name in case.contributed,
        "exposure": case.exposures.get(name),
        "to_model": _plain(counts(masks, reading)),
        "to_reference": _plain(counts(reading, reference, reference.ignored)),
        "measures": {
            "to_model": compared(masks, reading)[0],
            "to_reference": compared(reading, reference, reference.ignored)[0],
        },
        "bstbi": _index(case, reading),
        "burden": _burden(reading),
        "seconds": case.seconds.get(name),
    }


def _pair(case: Case, a: str, b: str) -> Json:
    first, second = case.readings[a], case.readings[b]
    return {
        "readers": [a, b],
        "exposures": sorted(str(case.exposures.get(name)) for name in (a, b)),
        "counts": _plain(counts(first, second)),
        "measures": compared(first, second)[0],
    }


def _plain(overlaps: Mapping[str, Overlap]) -> dict[str, list[int]]:
    return {label: list(count) for label, count in overlaps.items()}


def _index(case: Case, masks: LabelMasks) -> list[float | None]:
    """BSTBI of each sub-image."""
    return [bstbi(image, masks.metastasis, masks.bladder) for _, image in sorted(case.sub_images.items())]


def _burden(masks: LabelMasks) -> list[int]:
    """Pixels of metastases and number of lesions."""
    return [int(np.count_nonzero(masks.metastasis)), components(masks.metastasis)[1]]


def _calibration(prediction: Prediction, reference: LabelMasks, label: Label) -> Bins:
    """Reliability bins of all pixels that are not ignored."""
    probability, truth = prediction.probability[label], reference[label]
    if reference.ignored is not None:
        probability, truth = probability[~reference.ignored], truth[~reference.ignored]
    return reliability_bins(probability.ravel(), truth.ravel())


def _crops(prediction: Prediction, reference: LabelMasks, label: Label) -> list[list[float]]:
    """[probabilities, truths] of the crops; one without the label that has ignored pixels is neither, and left out."""
    kept: list[list[float]] = [[], []]
    for top, probability in zip(CROP_TOPS, prediction.by_crop[label], strict=True):
        rows = slice(top, top + CROP_ROWS)
        holds = bool(reference[label][rows].any())
        if holds or reference.ignored is None or not reference.ignored[rows].any():
            kept[0].append(round(probability, 6))
            kept[1].append(int(holds))
    return kept


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"
