"""Where probability becomes a call, chosen on validation patients alone."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from backend.measures.overlap import Overlap, overlap, pooled_dice
from backend.model.inference import Looked, Predictor
from backend.model.outlines import Thresholds, to_masks
from backend.records import LabelMasks
from backend.training.calibrate import calibrate
from backend.training.sampling import Sample
from converters.regions import LABELS, Label

LEVELS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)
USUAL_LEVEL = 0.35
"""Of calibrated probabilities the level with the best Dice is half that Dice (Lipton et al., ECML PKDD 2014)."""
CROP_LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5)
SMALLEST_LESIONS = (4, 8, 16)
CAUTION, FEW_CASES = 0.2, 8
"""Quality that a level must gain for each unit of distance from the usual one, the gate's from 0.5: few patients would
else choose an extreme. It fades with the number of cases, half of it is left at `FEW_CASES`."""

Cases = Sequence[tuple[Looked, LabelMasks]]


def tune(predictor: Predictor, validation: Sequence[Sample]) -> Predictor:
    """The same networks with the calibration and the thresholds that validation patients choose.

    Args:
        predictor: uncalibrated.
        validation: may be empty, then nothing changes.
    """
    if not validation:
        return predictor
    patients = [sample.patient for sample in validation]
    calibration = calibrate(_look(predictor, validation), patients, predictor.thresholds)
    calibrated = replace(predictor, calibration=calibration)
    return replace(calibrated, thresholds=choose_thresholds(_look(calibrated, validation), predictor.thresholds))


def _look(predictor: Predictor, samples: Sequence[Sample]) -> Cases:
    """What the networks say of each, whatever the classifier calls."""
    everywhere = replace(predictor, thresholds=replace(predictor.thresholds, crop=0.0))
    return [(everywhere.look(sample.sub_images), sample.masks) for sample in samples]


def choose_thresholds(cases: Cases, first: Thresholds) -> Thresholds:
    """The thresholds with the best sum of Dice and pooled Dice, classifier gate included: the gate's, the bladder's,
    then those of lesions.

    Dice alone would not see what is outlined where the reference holds nothing; pooled Dice alone would not see small
    lesions. Levels near the usual one are preferred, and a label that no case holds keeps its own. Of equals the first
    in order wins.

    Args:
        cases: looked at without a gate.
    """
    holds = {label: any(masks[label].any() for _, masks in cases) for label in LABELS}
    chosen = first
    if holds["metastasis"]:
        options = [replace(chosen, crop=level) for level in CROP_LEVELS]
        chosen = max(
            options, key=lambda one: _quality(_gated(cases, one), one, "metastasis") - _far(one.crop, 0.5, cases)
        )
    gated = _gated(cases, chosen)
    if holds["bladder"]:
        options = [replace(chosen, bladder=level) for level in LEVELS]
        chosen = max(options, key=lambda one: _quality(gated, one, "bladder"))
    if holds["metastasis"]:
        options = [
            replace(chosen, metastasis=level, smallest_lesion=pixels)
            for level, pixels in product(LEVELS, SMALLEST_LESIONS)
        ]
        chosen = max(options, key=lambda one: _quality(gated, one, "metastasis"))
    return chosen


def _gate_quality(cases: Cases, thresholds: Thresholds) -> float:
    return _quality(_gated(cases, thresholds), thresholds, "metastasis") - _far(thresholds.crop, 0.5, cases)


def _gated(cases: Cases, thresholds: Thresholds) -> Cases:
    return [(looked.gated(thresholds.crop), masks) for looked, masks in cases]


def _far(level: float, usual: float, cases: Cases) -> float:
    return CAUTION * FEW_CASES / (FEW_CASES + len(cases)) * abs(level - usual)


def validation_dice(cases: Cases, thresholds: Thresholds, label: Label) -> float | None:
    """Mean Dice over the cases whose reference holds the label; None where none does."""
    return _mean_dice(_overlaps(cases, thresholds, label))


def _mean_dice(overlaps: Sequence[Overlap]) -> float | None:
    values = [pooled_dice([one]) or 0.0 for one in overlaps if one.second]
    return sum(values) / len(values) if values else None


def _quality(cases: Cases, thresholds: Thresholds, label: Label) -> float:
    found = _overlaps(cases, thresholds, label)
    return (_mean_dice(found) or 0.0) + (pooled_dice(found) or 0.0) - _far(thresholds[label], USUAL_LEVEL, cases)


def _overlaps(cases: Cases, thresholds: Thresholds, label: Label) -> list[Overlap]:
    return [
        overlap(to_masks(looked.probability, thresholds)[label], masks[label], masks.ignored) for looked, masks in cases
    ]
