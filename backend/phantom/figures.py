"""The figures of a cohort: how real it looks and how hard it is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from backend.measures.lesions import components
from backend.measures.overlap import dice
from backend.phantom.clouds import Floats
from backend.phantom.cohort import PhantomProjection, PhantomStudy
from backend.phantom.footprint import Footprint
from backend.phantom.readers import read
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import LABELS, Label, Mask

SMALL_LESION_PX = 30
PERCENTILES = (50.0, 90.0, 99.0, 99.9)
SCALE_PERCENTILE = 98.0
THRESHOLDS = np.linspace(0.1, 6.0, 119)
SMOOTHING_PX = 1.5
"""The threshold is also tried on a smoothed image, where noise does not fray its outlines."""


@dataclass(frozen=True)
class CohortFigures:
    """Means over a cohort; see `labelled` for what each says."""

    studies: int
    patients: int
    positive_share: float
    counts_million: float
    percentiles: tuple[float, ...]
    fano: float
    bladder_to_bone: float
    lesions_per_positive_study: float
    small_lesion_share: float
    look_alikes_per_study: float
    reader_dice_metastasis: float
    reader_dice_bladder: float
    truth_dice_metastasis: float
    threshold_dice: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Measured:
    """What one projection gives."""

    counts: int
    percentiles: Floats
    fano: float
    bladder_to_bone: float | None
    lesion_sizes: tuple[int, ...]
    reader_dice: dict[Label, float | None]
    truth_dice: tuple[float | None, ...]
    threshold: Floats | None


def measure(studies: Iterable[PhantomStudy], seed: int) -> CohortFigures:
    """Generates, reads (two blind readers) and measures; keeps no images."""
    measured: list[_Measured] = []
    patients: dict[str, bool] = {}
    lesions: list[int] = []
    look_alikes: list[int] = []
    for study in studies:
        drawn = [read(study, reader, seed) for reader in (0, 1)]
        for projection, image in study.projections.items():
            masks = [draw(one[projection], GRID_SHAPE).disjoint() for one in drawn]
            measured.append(_measure(image, masks))
        patients[study.visit.patient] = bool(study.visit.metastasis)
        if study.visit.metastasis:
            lesions.append(_distinct(image.lesions for image in study.projections.values()))
        look_alikes.append(_distinct(image.benign for image in study.projections.values()))
    return _summed(measured, list(patients.values()), lesions, look_alikes)


def _distinct(marks: Iterable[Sequence[Footprint]]) -> int:
    """Findings seen in at least one projection."""
    return len({mark.finding for projection in marks for mark in projection})


def _measure(image: PhantomProjection, masks: Sequence[dict[Label, Mask]]) -> _Measured:
    counts = image.counts
    present = counts[counts > 0]
    bladder = image.truth["bladder"]
    bone_p99 = float(np.percentile(counts[(counts > 0) & ~bladder], 99))
    labels, count = components(image.truth["metastasis"])
    return _Measured(
        counts=int(counts.sum()),
        percentiles=np.percentile(present, PERCENTILES).astype(np.float64),
        fano=float((counts - image.expected).var() / image.expected.mean()),
        bladder_to_bone=float(np.percentile(counts[bladder], 99)) / bone_p99 if bladder.any() else None,
        lesion_sizes=tuple(int(size) for size in np.bincount(labels.ravel())[1 : count + 1]),
        reader_dice={label: dice(masks[0][label], masks[1][label]) for label in LABELS},
        truth_dice=tuple(dice(mask["metastasis"], image.truth["metastasis"]) for mask in masks),
        threshold=_threshold_dice(image) if image.truth["metastasis"].any() else None,
    )


def _threshold_dice(image: PhantomProjection) -> Floats:
    """(2, thresholds): lesion Dice of `heat ≥ threshold`, raw and smoothed, with the bladder's pixels given away."""
    truth, scale = image.truth["metastasis"], float(np.percentile(image.counts[image.counts > 0], SCALE_PERCENTILE))
    raw = image.counts / scale
    found = np.zeros((2, len(THRESHOLDS)))
    for row, heat in enumerate((raw, gaussian_filter(raw, SMOOTHING_PX))):
        for column, threshold in enumerate(THRESHOLDS):
            found[row, column] = dice((heat >= threshold) & ~image.truth["bladder"], truth) or 0.0
    return found


def _summed(
    measured: Sequence[_Measured], positive: Sequence[bool], lesions: Sequence[int], look_alikes: Sequence[int]
) -> CohortFigures:
    sizes = np.array([size for one in measured for size in one.lesion_sizes])
    thresholds = [one.threshold for one in measured if one.threshold is not None]
    return CohortFigures(
        studies=len(look_alikes),
        patients=len(positive),
        positive_share=float(np.mean(positive)),
        counts_million=_mean(measured, lambda one: one.counts / 1e6),
        percentiles=tuple(float(value) for value in np.median([one.percentiles for one in measured], axis=0)),
        fano=_mean(measured, lambda one: one.fano),
        bladder_to_bone=max(one.bladder_to_bone or 0.0 for one in measured),
        lesions_per_positive_study=float(np.mean(lesions)) if lesions else 0.0,
        small_lesion_share=float((sizes < SMALL_LESION_PX).mean()) if len(sizes) else 0.0,
        look_alikes_per_study=float(np.mean(look_alikes)),
        reader_dice_metastasis=_mean(measured, lambda one: one.reader_dice["metastasis"]),
        reader_dice_bladder=_mean(measured, lambda one: one.reader_dice["bladder"]),
        truth_dice_metastasis=float(np.mean([d for one in measured for d in one.truth_dice if d is not None])),
        threshold_dice=float(np.mean(thresholds, axis=0).max()) if thresholds else 0.0,
    )


def _mean(measured: Sequence[_Measured], of: Callable[[_Measured], float | None]) -> float:
    values = [value for one in measured if (value := of(one)) is not None]
    return float(np.mean(values)) if values else 0.0
