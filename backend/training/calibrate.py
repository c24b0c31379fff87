"""Probabilities made honest on validation patients: the lines of `model.calibration`, drawn towards doing nothing.

Few validation patients say little, so every line is held near the identity by a normal prior (a ridge on what differs).
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from backend.measures.lesions import match
from backend.model.calibration import Calibration, Line, RegionLine, region_features
from backend.model.inference import Looked
from backend.model.outlines import Thresholds, to_masks
from backend.records import LabelMasks
from converters.regions import LABELS, Label

Cases = Sequence[tuple[Looked, LabelMasks]]
Floats = NDArray[np.float64]

PRIOR = 0.5
"""Standard deviation of a line's slope about 1 and intercept about 0."""
EDGES = np.linspace(-14, 14, 281)
"""Bins of logits, so that millions of pixels cost no more than thousands."""
PIXELS_PER_CASE = 100.0
"""A lesion's pixels agree with each other: together they speak for so few independent ones a projection."""


def calibrate(cases: Cases, patients: Sequence[str], thresholds: Thresholds) -> Calibration:
    """The calibration of a model that so far says what its networks say.

    Args:
        cases: validation projections looked at without the classifier's gate, with their references.
        patients: whose each is.
        thresholds: where a probability becomes an outline, for the confidence of regions.
    """
    if not cases:
        return Calibration()
    return Calibration(
        {label: _pixel_line(cases, label) for label in LABELS},
        {label: _crop_line(cases, patients, label) for label in LABELS},
        _region_line(cases, thresholds),
    )


def _pixel_line(cases: Cases, label: Label) -> Line:
    counts = np.zeros((2, len(EDGES) - 1))
    for looked, masks in cases:
        counted = ~masks.ignored if masks.ignored is not None else np.ones_like(masks[label])
        logits = _logits(looked.probability[label].astype(np.float64))
        for side, where in enumerate((~masks[label] & counted, masks[label] & counted)):
            counts[side] += np.histogram(logits[where], EDGES)[0]
    held = counts[1].sum()
    if not held:
        return Line()
    weight = min(1.0, PIXELS_PER_CASE * len(cases) / held)
    middle = (EDGES[:-1] + EDGES[1:]) / 2
    return _line(np.tile(middle, 2), np.repeat([0.0, 1.0], len(middle)), weight * counts.reshape(-1))


def _crop_line(cases: Cases, patients: Sequence[str], label: Label) -> Line:
    """On patients, whose highest crop probability is the patient-level call."""
    highest: dict[str, float] = defaultdict(float)
    holds: dict[str, bool] = defaultdict(bool)
    for patient, (looked, masks) in zip(patients, cases, strict=True):
        highest[patient] = max(highest[patient], looked.crop_probability[label])
        holds[patient] |= bool(masks[label].any())
    logits = _logits(np.array([highest[patient] for patient in holds]))
    return _line(logits, np.array([float(held) for held in holds.values()]), np.ones(len(holds)))


def _line(logits: Floats, truth: Floats, weight: Floats) -> Line:
    slope, intercept = _fit(np.stack([logits, np.ones_like(logits)], axis=1), (truth, weight), np.array([1.0, 0.0]))
    return Line(float(max(slope, 0.05)), float(intercept))


def _region_line(cases: Cases, thresholds: Thresholds) -> RegionLine:
    rows, truth = [], []
    for looked, masks in cases:
        outlined = to_masks(looked.probability, thresholds).metastasis
        found = match(outlined, masks.metastasis)
        real = {lesion for lesion, _, _ in found.matched}
        for lesion in range(1, len(found.sizes_a)):
            where = found.labels_a == lesion
            if masks.ignored is not None and lesion not in real and np.any(where & masks.ignored):
                continue
            mean = float(looked.probability["metastasis"][where].mean())
            rows.append([*region_features(mean, int(found.sizes_a[lesion])), 1.0])
            truth.append(float(lesion in real))
    if not rows:
        return RegionLine()
    fitted = _fit(np.array(rows), (np.array(truth), np.ones(len(rows))), np.array([1.0, 0.0, 0.0]))
    return RegionLine(*(float(value) for value in fitted))


def _fit(features: Floats, answers: tuple[Floats, Floats], prior: Floats) -> Floats:
    """Weights of a logistic regression of (truth, weight) with a normal prior."""
    truth, weight = answers

    def cost(weights: Floats) -> tuple[float, Floats]:
        value = features @ weights
        loss = np.sum(weight * (np.logaddexp(0, value) - truth * value))
        away = weights - prior
        slope = features.T @ (weight * (expit(value) - truth)) + away / PRIOR**2
        return float(loss + np.sum(away**2) / (2 * PRIOR**2)), slope

    found: Floats = minimize(cost, prior, jac=True, method="L-BFGS-B").x
    return found


def _logits(probability: Floats) -> Floats:
    bounded = np.clip(probability, 1e-6, 1 - 1e-6)
    logits: Floats = np.log(bounded / (1 - bounded))
    return logits
