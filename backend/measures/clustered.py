"""Area under the ROC curve where a patient gives several cases, such as the crops of a scan."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from backend.measures.intervals import Z_95
from backend.records import Figure


def clustered_auc(patient: Sequence[str], truth: ArrayLike, score: ArrayLike) -> Figure:
    """AUC over all cases, with DeLong's interval widened for cases of one patient that resemble each other
    (N. A. Obuchowski, Biometrics 53, 1997); with one case per patient it is DeLong's own.

    Args:
        patient: `(n,)`, whose case it is.
        truth: `(n,)` bool.
        score: `(n,)` float, higher = more likely positive.

    Returns:
        n counts cases; value None without both classes; interval None where fewer than two patients have a class.

    Raises:
        ValueError: the lengths differ.
    """
    positive, scores = np.asarray(truth, dtype=bool), np.asarray(score, dtype=np.float64)
    if not len(patient) == len(positive) == len(scores):
        raise ValueError(f"{len(patient)} patients, {len(positive)} truths and {len(scores)} scores; give one of each")
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        return Figure(None, None, None, len(scores))
    above, below = _placements(positive, scores)
    area = float(above.mean())
    of_patient = np.unique(np.asarray(patient), return_inverse=True)[1]
    cases, controls = of_patient[positive], of_patient[~positive]
    if min(len(set(cases)), len(set(controls))) < 2:
        return Figure(area, None, None, len(scores))
    patients = int(of_patient.max()) + 1
    x = np.bincount(cases, above - area, patients).astype(np.float64)
    y = np.bincount(controls, below - area, patients).astype(np.float64)
    variance = _spread(x, x, len(set(cases))) / m**2 + _spread(y, y, len(set(controls))) / n**2
    variance += 2 * _spread(x, y, patients) / (m * n)
    half = Z_95 * float(np.sqrt(max(variance, 0.0)))
    return Figure(area, max(0.0, area - half), min(1.0, area + half), len(scores))


def _placements(
    positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each positive the share of negatives below it, for each negative the share of positives above it."""
    ranks, m, n = rankdata(scores), positive.sum(), (~positive).sum()
    above = (ranks[positive] - rankdata(scores[positive])) / n
    below = 1 - (ranks[~positive] - rankdata(scores[~positive])) / m
    return above, below


def _spread(x: NDArray[np.float64], y: NDArray[np.float64], clusters: int) -> float:
    return clusters / (clusters - 1) * float(x @ y)
