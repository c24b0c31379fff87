"""Free-response ROC: how many lesions are found for how many false regions, as the least confidence is lowered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.measures.intervals import RESAMPLES, resampled
from backend.records import Figure

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False regions per study at which the sensitivity is reported."""
MOST_STEPS = 400
"""Confidences that a curve is drawn at; of more, as many evenly chosen ones."""

Candidate = tuple[float, bool]
"""(confidence, whether it is a lesion of the reference)."""


@dataclass(frozen=True, eq=False)
class FreeResponse:
    """Counts of each patient at each least confidence.

    Attributes:
        confidence: `(steps,)`, falling.
        found, false: `(patients, steps)` lesions found and false regions at that confidence or above.
        lesions, studies: `(patients,)` lesions of the reference, and studies.
    """

    confidence: NDArray[np.float64]
    found: NDArray[np.float64]
    false: NDArray[np.float64]
    lesions: NDArray[np.float64]
    studies: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        candidates: Mapping[str, Iterable[Candidate]],
        lesions: Mapping[str, int],
        studies: Mapping[str, int],
    ) -> "FreeResponse":
        """From the candidates, lesions and studies of each patient; `lesions` and `studies` name every patient."""
        patients = sorted(studies)
        own = [list(candidates.get(patient, ())) for patient in patients]
        steps = _steps(np.array([confidence for given in own for confidence, _ in given], dtype=np.float64))
        return cls(
            steps,
            np.array([_reached([one for one, true in given if true], steps) for given in own]),
            np.array([_reached([one for one, true in given if not true], steps) for given in own]),
            np.array([lesions[patient] for patient in patients], dtype=np.float64),
            np.array([studies[patient] for patient in patients], dtype=np.float64),
        )

    def points(self) -> list[tuple[float, float, float]]:
        """(false regions per study, sensitivity, least confidence) from the most confident on; empty without lesions
        or studies."""
        if not self.lesions.sum() or not self.studies.sum():
            return []
        false, found = self.false.sum(axis=0) / self.studies.sum(), self.found.sum(axis=0) / self.lesions.sum()
        return [(float(x), float(y), float(least)) for x, y, least in zip(false, found, self.confidence, strict=True)]

    def sensitivity_at(self, rates: Sequence[float] = RATES, resamples: int = RESAMPLES) -> list[Figure]:
        """The highest sensitivity with at most so many false regions per study; n counts lesions.

        The interval is the percentile interval of drawing whole patients; None with fewer than two that have a lesion.
        """
        count = int(self.lesions.sum())
        if not count:
            return [Figure(None, None, None, 0)] * len(rates)
        sums = np.concatenate([self.found, self.false, self.lesions[:, None], self.studies[:, None]], axis=1)
        values = [float(self._at(sums.sum(axis=0), rate)) for rate in rates]
        if np.count_nonzero(self.lesions) < 2:
            return [Figure(value, None, None, count) for value in values]
        drawn = resampled(sums, resamples)
        intervals = [np.nanpercentile(self._at(drawn, rate), [2.5, 97.5]) for rate in rates]
        return [
            Figure(value, float(low), float(high), count) for value, (low, high) in zip(values, intervals, strict=True)
        ]

    def _at(self, sums: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
        steps = len(self.confidence)
        found, false, lesions, studies = np.split(sums, [steps, 2 * steps, 2 * steps + 1], axis=-1)
        allowed = false <= rate * studies
        most = np.where(allowed, found, 0.0).max(axis=-1, initial=0.0)
        lesions = lesions[..., 0]
        share: NDArray[np.float64] = np.where(lesions == 0, np.nan, most / np.where(lesions == 0, 1.0, lesions))
        return share


def _steps(confidences: NDArray[np.float64]) -> NDArray[np.float64]:
    distinct = np.unique(confidences)[::-1]
    if len(distinct) <= MOST_STEPS:
        return distinct
    return np.asarray(distinct[np.linspace(0, len(distinct) - 1, MOST_STEPS).round().astype(int)])


def _reached(confidences: Sequence[float], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many lie at each step or above."""
    rising = np.sort(np.asarray(confidences, dtype=np.float64))
    return (len(rising) - np.searchsorted(rising, steps, side="left")).astype(np.float64)
