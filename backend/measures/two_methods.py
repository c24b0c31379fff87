"""How two ways to measure one quantity agree: Bland and Altman's bias and limits, and the intraclass correlation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.measures.intervals import RESAMPLES, Statistic, bootstrap
from backend.records import Figure

LIMITS = 1.96
"""Standard deviations on either side of the bias."""

Sums = NDArray[np.float64]
"""`(…, 5)`: n and the sums of d, d², s and s², where d is the difference of the two and s their sum, centred."""


@dataclass(frozen=True)
class TwoMethods:
    """Figures over all subjects; `lower` and `upper` are the 95 % limits of agreement, `icc` is ICC(A,1)."""

    bias: Figure
    lower: Figure
    upper: Figure
    icc: Figure
    absolute: Figure
    """Mean absolute difference."""

    def to_json(self) -> dict[str, dict[str, float | int | None]]:
        return {
            "bias": self.bias.to_json(),
            "limit_low": self.lower.to_json(),
            "limit_high": self.upper.to_json(),
            "icc": self.icc.to_json(),
            "mean_absolute_error": self.absolute.to_json(),
        }


def two_methods(by_patient: Mapping[str, Sequence[tuple[float, float]]], resamples: int = RESAMPLES) -> TwoMethods:
    """Bias (first − second) and limits (J. M. Bland, D. G. Altman, Lancet 327, 1986), the single-measure intraclass
    correlation for absolute agreement, ICC(A,1) (K. O. McGraw, S. P. Wong, Psychol. Methods 1, 1996), and the mean
    absolute difference.

    Args:
        by_patient: the patient's subjects, e.g. studies, each (first, second).

    Returns:
        every figure with its percentile interval from drawing whole patients; n counts subjects. Limits and ICC are
        None with fewer than two subjects, ICC also where nothing varies.
    """
    pairs = [pair for given in by_patient.values() for pair in given]
    centre = float(np.mean([a + b for a, b in pairs])) if pairs else 0.0
    rows = {
        patient: [(1.0, a - b, (a - b) ** 2, a + b - centre, (a + b - centre) ** 2) for a, b in given]
        for patient, given in by_patient.items()
    }
    distances = {patient: [(abs(a - b), 1.0) for a, b in given] for patient, given in by_patient.items()}

    def figure(statistic: Statistic) -> Figure:
        return bootstrap(rows, statistic, resamples)

    return TwoMethods(
        figure(_bias),
        figure(lambda sums: _bias(sums) - LIMITS * _deviation(sums)),
        figure(lambda sums: _bias(sums) + LIMITS * _deviation(sums)),
        figure(_icc),
        bootstrap(distances, lambda sums: _divided(sums[..., 0], sums[..., 1]), resamples),
    )


def _bias(sums: Sums) -> Sums:
    return _divided(sums[..., 1], sums[..., 0])


def _deviation(sums: Sums) -> Sums:
    return np.asarray(np.sqrt(np.maximum(_variance(sums, 1), 0)))


def _variance(sums: Sums, column: int) -> Sums:
    n, total, squares = sums[..., 0], sums[..., column], sums[..., column + 1]
    return _divided(squares - _divided(total**2, n), n - 1)


def _icc(sums: Sums) -> Sums:
    """(MSR − MSE) / (MSR + MSE + 2 (MSC − MSE) / n), of the mean squares of subjects, error and methods."""
    n = sums[..., 0]
    subjects, error, methods = _variance(sums, 3) / 2, _variance(sums, 1) / 2, n * _bias(sums) ** 2 / 2
    return _divided(subjects - error, subjects + error + _divided(2 * (methods - error), n))


def _divided(numerator: Sums, denominator: Sums) -> Sums:
    empty = denominator <= 0
    return np.where(empty, np.nan, numerator / np.where(empty, 1.0, denominator))
