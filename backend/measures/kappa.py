"""Cohen's κ: how much two readers' calls agree beyond what chance would give them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.measures.intervals import bootstrap
from backend.records import Figure


class Calls(NamedTuple):
    """How often both readers said yes, only the first, only the second, and neither; they add up over cases."""

    both: int
    first: int
    second: int
    neither: int

    @classmethod
    def of(cls, first: bool, second: bool) -> "Calls":
        return cls(int(first and second), int(first and not second), int(second and not first), int(not first | second))


def kappa(calls: Iterable[Calls]) -> float | None:
    """κ = (observed − expected) / (1 − expected) agreement; None where both always say the same one thing."""
    rows = list(calls)
    value = float(_kappa(np.sum(np.array(rows, dtype=np.float64), axis=0))) if rows else np.nan
    return None if np.isnan(value) else value


def kappa_figure(by_patient: Mapping[str, Iterable[Calls]]) -> Figure:
    """κ over all cases, its interval by resampling patients; n counts cases."""
    return bootstrap({patient: list(calls) for patient, calls in by_patient.items()}, _kappa)


def _kappa(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """From `(…, 4)` sums of `Calls`; NaN where agreement by chance is certain."""
    both, first, second, neither = np.moveaxis(sums, -1, 0)
    # counts stay whole, so that certainty is seen exactly
    cases = both + first + second + neither
    by_chance = (both + first) * (both + second) + (second + neither) * (first + neither)
    beyond = cases * cases - by_chance
    certain = beyond == 0
    return np.where(certain, np.nan, (cases * (both + neither) - by_chance) / np.where(certain, 1.0, beyond))
