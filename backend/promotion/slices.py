"""Is any group of test patients shown to lose by the challenger? All groups are judged together.

Many slices are looked at, and some look worse by chance alone. So each loss is named twice: alone, by its own 95 %
interval, and together with all others, by a bound that is exceeded by chance in any slice in 2.5 % of comparisons. The
second is the bootstrap's largest standardised error (P. Westfall & S. Young, Resampling-Based Multiple Testing, 1993):
slices share patients, so that dividing the level by their number (Bonferroni) would see next to nothing.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.measures.intervals import RESAMPLES, resampled
from backend.promotion.paired import DICE, ByCase
from backend.records import Figure
from converters.regions import Label

UNKNOWN = "unknown"
TOGETHER = 97.5
"""Percentile of the largest standardised error over all slices."""

Key = tuple[Label, str, str]
"""(label, name of the slice, its group)."""


@dataclass(frozen=True)
class SliceDifference:
    """Challenger − champion in one group of projections.

    Attributes:
        figure: with its own 95 % interval by patient; n counts projections.
        high_together: upper bound that holds for all judged slices at once; None where the slice is not judged.
        patients: who has a defined difference in it.
    """

    label: Label
    name: str
    group: str
    figure: Figure
    high_together: float | None
    patients: int


def slice_differences(
    ours: ByCase, theirs: ByCase, least_patients: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> list[SliceDifference]:
    """Paired Dice differences by slice, in order of label, name and group.

    Left out are groups called `unknown` and those that hold every compared projection: these are the whole comparison.

    Args:
        ours, theirs: the same projections; the slices are those of `ours`.
        least_patients: a slice with fewer is listed with its value alone, and is not judged.
    """
    groups = _groups(ours, theirs)
    judged = [key for key, rows in groups.items() if len(rows) >= least_patients]
    small = [key for key in groups if key not in judged]
    found = [_not_judged(key, groups[key]) for key in small] + _judged(judged, groups, resamples, seed)
    return sorted(found, key=lambda one: (one.label != "metastasis", one.name, one.group))


def _groups(ours: ByCase, theirs: ByCase) -> dict[Key, dict[str, list[float]]]:
    """Slice → patient → differences of the projections that have one."""
    found: dict[Key, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    compared: dict[Label, int] = defaultdict(int)
    for case in sorted(ours):
        for label, measure in DICE.items():
            a, b = measure(ours[case]), measure(theirs[case])
            if a is None or b is None:
                continue
            compared[label] += 1
            for name, group in ours[case].get("slices", {}).items():
                found[label, name, group][case[0]].append(a - b)
    return {
        key: dict(rows)
        for key, rows in found.items()
        if key[2] != UNKNOWN and sum(map(len, rows.values())) < compared[key[0]]
    }


def _not_judged(key: Key, rows: dict[str, list[float]]) -> SliceDifference:
    differences = [difference for own in rows.values() for difference in own]
    return SliceDifference(*key, Figure(float(np.mean(differences)), None, None, len(differences)), None, len(rows))


def _judged(
    keys: list[Key], groups: dict[Key, dict[str, list[float]]], resamples: int, seed: int
) -> list[SliceDifference]:
    if not keys:
        return []
    sums = _sums(keys, groups)
    value = _means(sums.sum(axis=0))
    drawn = _means(resampled(sums.reshape(len(sums), -1), resamples, seed).reshape(resamples, len(keys), 2))
    low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    together = _upper_together(value, drawn)
    return [
        SliceDifference(
            *key,
            Figure(float(value[at]), float(low[at]), float(high[at]), int(sums[:, at, 1].sum())),
            float(together[at]),
            len(groups[key]),
        )
        for at, key in enumerate(keys)
    ]


def _sums(keys: list[Key], groups: dict[Key, dict[str, list[float]]]) -> NDArray[np.float64]:
    """`(patients, slices, 2)`: sum and number of each patient's differences in each slice."""
    patients = sorted({patient for key in keys for patient in groups[key]})
    sums = np.zeros((len(patients), len(keys), 2))
    for row, patient in enumerate(patients):
        for at, key in enumerate(keys):
            own = groups[key].get(patient, [])
            sums[row, at] = sum(own), len(own)
    return sums


def _means(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(…, 2)` → `(…)`; NaN where nobody of the slice was drawn."""
    count = sums[..., 1]
    return np.where(count > 0, sums[..., 0] / np.maximum(count, 1), np.nan)


def _upper_together(value: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(slices,)`: bounds that all hold at once; drawn is `(resamples, slices)`."""
    error = np.nanstd(drawn, axis=0)
    varies = error > 1e-12
    standard = np.where(varies & ~np.isnan(drawn), (value - drawn) / np.where(varies, error, 1), -np.inf)
    worst = standard.max(axis=1)
    factor = float(np.percentile(worst, TOGETHER)) if varies.any() else 0.0
    bounds: NDArray[np.float64] = value + max(factor, 0.0) * error
    return bounds
