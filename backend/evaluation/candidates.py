"""Regions that the model outlines, and those that it would outline at a lower threshold, each with its confidence."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from backend.evaluation.scores import Json
from backend.measures.lesions import ComponentLabels, LesionMatch, components, false_lesions, match
from backend.records import LabelMasks, Prediction
from converters.regions import Mask

FLOOR = 0.1
"""Probability down to which further candidates are looked for."""
SMALLEST = 4
"""Pixels of the smallest further candidate."""

Confidence = Callable[[float, int], float]
"""How sure the model is that a region is a lesion, from its mean probability and its pixels."""


def candidates(prediction: Prediction, reference: LabelMasks, found: LesionMatch, confidence: Confidence) -> Json:
    """Candidates for metastases, each `[pixels, confidence, whether it is a lesion of the reference]`.

    The confidence is what readers see as a region's score. `outlined` are the model's lesions.
    `further` are regions at a probability of at least `FLOOR` that touch none of these; they are matched with the
    lesions that the outlined ones missed. Regions mostly in ignored pixels are left out of both.

    Args:
        found: the matching of the model's lesions with the reference's.
    """
    probability = prediction.probability["metastasis"]
    ignored = reference.ignored if reference.ignored is not None else np.zeros_like(reference.metastasis)
    missed = np.isin(found.labels_b, found.only_b) & reference.metastasis
    lower = match(_further(prediction, probability), missed)
    return {
        "outlined": _rows(found, probability, ignored, confidence),
        "further": _rows(lower, probability, ignored, confidence),
    }


def _further(prediction: Prediction, probability: NDArray[np.float32]) -> Mask:
    weak, _ = components((probability >= FLOOR) & ~prediction.masks.bladder)
    outlined = np.bincount(weak[prediction.masks.metastasis], minlength=int(weak.max()) + 1)
    kept = (outlined == 0) & (np.bincount(weak.ravel(), minlength=len(outlined)) >= SMALLEST)
    kept[0] = False
    return np.asarray(kept[weak])


def _rows(
    found: LesionMatch, probability: NDArray[np.float32], ignored: Mask, confidence: Confidence
) -> list[list[float]]:
    true = [i for i, _, _ in found.matched]
    means, sizes = _means(probability, found.labels_a, len(found.sizes_a) - 1), found.sizes_a.tolist()
    return [
        [sizes[i], round(confidence(means[i - 1], sizes[i]), 6), int(i in true)]
        for i in sorted([*true, *false_lesions(found, ignored)])
    ]


def _means(probability: NDArray[np.float32], labels: ComponentLabels, count: int) -> list[float]:
    if not count:
        return []
    return [float(mean) for mean in ndimage.mean(probability.astype(np.float64), labels, np.arange(1, count + 1))]
