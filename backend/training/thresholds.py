"""Where probability becomes a call, chosen on validation patients alone."""

from collections.abc import Sequence
from itertools import product

from backend.measures.overlap import Overlap, overlap, pooled_dice
from backend.model.inference import Looked, Predictor
from backend.model.outlines import Thresholds, to_masks
from backend.records import LabelMasks
from backend.training.sampling import Sample
from converters.regions import Label

LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7)
SMALLEST_LESIONS = (4, 8, 16)
CAUTION = 0.2
"""Quality that a level must gain for each unit of distance from 0.5: few patients would else choose an extreme."""

Cases = Sequence[tuple[Looked, LabelMasks]]


def choose_thresholds(predictor: Predictor, validation: Sequence[Sample]) -> Thresholds:
    """The thresholds with the best sum of Dice and pooled Dice through the whole pipeline, classifier gate included.

    Dice alone would not see what is outlined where the reference holds nothing; pooled Dice alone would not see small
    lesions. Levels near 0.5 are preferred, and a label that no validation reference holds keeps it. Of equals the first
    in order wins.
    """
    cases = [(predictor.look(sample.sub_images), sample.masks) for sample in validation]
    chosen = predictor.thresholds
    if any(masks.bladder.any() for _, masks in cases):
        options = [Thresholds(crop=chosen.crop, bladder=level) for level in LEVELS]
        chosen = max(options, key=lambda option: _quality(cases, option, "bladder"))
    if any(masks.metastasis.any() for _, masks in cases):
        options = [
            Thresholds(chosen.crop, level, chosen.bladder, pixels)
            for level, pixels in product(LEVELS, SMALLEST_LESIONS)
        ]
        chosen = max(options, key=lambda option: _quality(cases, option, "metastasis"))
    return chosen


def validation_dice(cases: Cases, thresholds: Thresholds, label: Label) -> float | None:
    """Mean Dice over the cases whose reference holds the label; None where none does."""
    values = [pooled_dice([one]) or 0.0 for one in _overlaps(cases, thresholds, label) if one.second]
    return sum(values) / len(values) if values else None


def _quality(cases: Cases, thresholds: Thresholds, label: Label) -> float:
    pooled = pooled_dice(_overlaps(cases, thresholds, label)) or 0.0
    return (validation_dice(cases, thresholds, label) or 0.0) + pooled - CAUTION * abs(thresholds[label] - 0.5)


def _overlaps(cases: Cases, thresholds: Thresholds, label: Label) -> list[Overlap]:
    return [
        overlap(to_masks(looked.probability, thresholds)[label], masks[label], masks.ignored) for looked, masks in cases
    ]
