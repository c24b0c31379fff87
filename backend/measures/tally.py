"""Many ratios of the same cases, such as means, with their intervals by patient: patients are drawn once for all."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from backend.measures.intervals import resampled
from backend.records import Figure

NOTHING = Figure(None, None, None, 0)


class Tally:
    """Sums of numerators and denominators by patient and name."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(
            lambda: defaultdict(lambda: [0.0, 0.0])
        )

    def add(self, patient: str, name: str, numerator: float, denominator: float = 1) -> None:
        """Counts a case; with the denominator 1 the ratio is a mean."""
        sums = self._sums[patient][name]
        sums[0] += numerator
        sums[1] += denominator

    def add_mean(self, patient: str, name: str, value: float | None) -> None:
        """Counts a value, if it is defined."""
        if value is not None:
            self.add(patient, name, value)

    def figures(self) -> dict[str, Figure]:
        """Every ratio by its name, its percentile interval from drawing whole patients of this tally; n is the sum of
        its denominators. None where a denominator is 0; no interval with fewer than two patients that have one."""
        names = sorted({name for sums in self._sums.values() for name in sums})
        if not names:
            return {}
        table = np.array([[self._sums[patient][name] for name in names] for patient in sorted(self._sums)])
        drawn = resampled(table.reshape(len(table), -1)).reshape(-1, len(names), 2)
        empty = drawn[..., 1] == 0
        ratios = np.where(empty, np.nan, drawn[..., 0] / np.where(empty, 1.0, drawn[..., 1]))
        return {name: _figure(table[:, at], ratios[:, at]) for at, name in enumerate(names)}


def _figure(sums: NDArray[np.float64], ratios: NDArray[np.float64]) -> Figure:
    total, of_all = sums.sum(axis=0)
    if not of_all:
        return NOTHING
    value = float(total / of_all)
    if np.count_nonzero(sums[:, 1]) < 2:
        return Figure(value, None, None, round(of_all))
    low, high = np.nanpercentile(ratios, [2.5, 97.5])
    return Figure(value, float(low), float(high), round(of_all))
