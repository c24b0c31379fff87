"""95 % intervals: Wilson for proportions, DeLong for AUC, percentile bootstrap by patient for everything else."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

from backend.records import Figure

Z_95 = float(norm.ppf(0.975))
RESAMPLES = 2000
FEW_PATIENTS = 1000

Values = Sequence[float | None]
"""One patient's values, one per projection; None (undefined) is left out."""
Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""`(…, columns)` sums over patients → `(…)` values, NaN where undefined."""


def wilson(k: int, n: int) -> Figure:
    """The proportion k / n with Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).

    Raises:
        ValueError: k is not in 0 … n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no proportion")
    if n == 0:
        return Figure(None, None, None, 0, 0)
    share, z2 = k / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    low = 0.0 if k == 0 else max(0.0, float(centre - half))
    high = 1.0 if k == n else min(1.0, float(centre + half))
    return Figure(share, low, high, n, k)


def delong_auc(truth: ArrayLike, score: ArrayLike) -> Figure:
    """Area under the ROC curve with the interval of DeLong, DeLong & Clarke-Pearson (Biometrics 44, 1988).

    The variance comes from mid-ranks (Sun & Xu, IEEE Signal Process. Lett. 21, 2014).

    Args:
        truth: `(n,)` bool, one entry per patient.
        score: `(n,)` float, higher = more likely positive.

    Returns:
        value None without both classes; interval None with fewer than two patients of a class.

    Raises:
        ValueError: the lengths differ.
    """
    positive = np.asarray(truth, dtype=bool)
    scores = np.asarray(score, dtype=np.float64)
    if positive.shape != scores.shape:
        raise ValueError(f"{positive.size} truths and {scores.size} scores; give one of each per patient")
    cases, controls = scores[positive], scores[~positive]
    m, n = len(cases), len(controls)
    if not m or not n:
        return Figure(None, None, None, len(scores))
    ranks = rankdata(scores)
    above = (ranks[positive] - rankdata(cases)) / n
    below = 1 - (ranks[~positive] - rankdata(controls)) / m
    area = float(above.mean())
    if min(m, n) < 2:
        return Figure(area, None, None, len(scores))
    half = Z_95 * float(np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n))
    return Figure(area, max(0.0, area - half), min(1.0, area + half), len(scores))


def bootstrap(
    by_patient: Mapping[str, Sequence[Sequence[float]]],
    statistic: Statistic,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Figure:
    """A statistic of summed rows, with the percentile interval of resampling whole patients.

    Args:
        by_patient: the patient's rows, one per projection, each of the same columns.
        statistic: reads the column sums, e.g. `pooled_dice_of_sums` for rows of `Overlap`.

    Returns:
        n counts rows; value None without rows, interval None with fewer than two patients.
    """
    rows = {patient: given for patient, given in sorted(by_patient.items()) if len(given)}
    if not rows:
        return Figure(None, None, None, 0)
    sums = np.array([np.sum(np.asarray(given, dtype=np.float64), axis=0) for given in rows.values()])
    value = float(statistic(sums.sum(axis=0)))
    count = sum(len(given) for given in rows.values())
    if np.isnan(value) or len(rows) < 2:
        return Figure(None if np.isnan(value) else value, None, None, count)
    low, high = np.nanpercentile(statistic(resampled(sums, resamples, seed)), [2.5, 97.5])
    return Figure(value, float(low), float(high), count)


def resampled(sums: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Totals over as many patients as there are, drawn with replacement.

    Args:
        sums: `(patients, columns)`.

    Returns:
        `(resamples, columns)`.
    """
    patients = len(sums)
    if patients <= FEW_PATIENTS:
        return _drawn(patients, resamples, seed) @ sums
    # the same distribution, many times faster for many
    random = np.random.default_rng(seed)
    totals = np.empty((resamples, sums.shape[1]))
    for number in range(resamples):
        totals[number] = np.bincount(random.integers(0, patients, patients), minlength=patients) @ sums
    return totals


@lru_cache(maxsize=32)
def _drawn(patients: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """`(resamples, patients)`: how often each patient is drawn; a report asks for the same draw hundreds of times."""
    random = np.random.default_rng(seed)
    drawn = random.multinomial(patients, np.full(patients, 1 / patients), size=resamples).astype(np.float64)
    drawn.flags.writeable = False
    return drawn


def bootstrap_mean(by_patient: Mapping[str, Values], resamples: int = RESAMPLES, seed: int = 0) -> Figure:
    """Mean over all values (not over patients' means), its interval by patient; n counts defined values."""
    rows = {patient: [(value, 1.0) for value in values if value is not None] for patient, values in by_patient.items()}
    return bootstrap(rows, _ratio, resamples, seed)


def paired_difference(
    by_patient_a: Mapping[str, Values], by_patient_b: Mapping[str, Values], resamples: int = RESAMPLES, seed: int = 0
) -> Figure:
    """Mean of a − b over the values that both have, paired by position, its interval by patient.

    Raises:
        ValueError: the two do not hold the same patients with the same number of values.
    """
    lengths = [{patient: len(values) for patient, values in side.items()} for side in (by_patient_a, by_patient_b)]
    if lengths[0] != lengths[1]:
        raise ValueError("the two sides do not hold the same cases; score both on the same patients and projections")
    differences = {
        patient: [None if a is None or b is None else a - b for a, b in zip(values, by_patient_b[patient], strict=True)]
        for patient, values in by_patient_a.items()
    }
    return bootstrap_mean(differences, resamples, seed)


def pooled_dice_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pooled Dice from `(…, 3)` sums of `Overlap`; NaN where no mask has a pixel."""
    return _ratio(np.stack([2 * sums[..., 0], sums[..., 1] + sums[..., 2]], axis=-1))


def _ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    empty = sums[..., 1] == 0
    return np.where(empty, np.nan, sums[..., 0] / np.where(empty, 1.0, sums[..., 1]))
