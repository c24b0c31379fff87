"""Whether a probability means what it says: reliability bins, expected calibration error, Brier score."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

EDGES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Bins hold their lower edge; the last holds 1 too."""
BINS = len(EDGES) - 1
COLUMNS = 4

Bins = list[list[float]]
"""One row per bin: how many cases, and of them the sums of the probability, the truth and (probability − truth)²."""
BinSums = NDArray[np.float64]
"""`(…, bins × 4)`: the rows of `Bins` behind each other."""


def reliability_bins(probability: ArrayLike, truth: ArrayLike) -> Bins:
    """Counts by bin of the probability.

    Args:
        probability: `(n,)` float in [0, 1].
        truth: `(n,)` bool.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    place = np.clip(np.searchsorted(EDGES, p, side="right") - 1, 0, BINS - 1)
    columns = [np.bincount(place, weights, BINS) for weights in (np.ones_like(p), p, y, (p - y) ** 2)]
    return [[float(value) for value in row] for row in np.stack(columns, axis=1)]


def flat(bins: Bins, first: int = 0) -> list[float]:
    """The rows from bin `first` on behind each other, so that bins of many cases add up."""
    return [value for row in bins[first:] for value in row]


def calibration_error(sums: BinSums) -> NDArray[np.float64]:
    """Expected calibration error: the mean over cases of |mean probability − share of positives| of their bin."""
    rows = _rows(sums)
    return _per_case(np.abs(rows[..., 1] - rows[..., 2]).sum(axis=-1), rows)


def brier(sums: BinSums) -> NDArray[np.float64]:
    """Mean of (probability − truth)²."""
    rows = _rows(sums)
    return _per_case(rows[..., 3].sum(axis=-1), rows)


def summed(by_patient: Mapping[str, Sequence[Sequence[float]]], bins: int = BINS) -> BinSums:
    """`(bins, 4)` over all patients."""
    rows = [row for given in by_patient.values() for row in given]
    total = np.sum(np.asarray(rows, dtype=np.float64), axis=0) if rows else np.zeros(bins * COLUMNS)
    return np.asarray(total).reshape(bins, COLUMNS)


def _rows(sums: BinSums) -> NDArray[np.float64]:
    return sums.reshape(*sums.shape[:-1], -1, COLUMNS)


def _per_case(totals: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    cases = rows[..., 0].sum(axis=-1)
    return np.where(cases == 0, np.nan, totals / np.where(cases == 0, 1.0, cases))
