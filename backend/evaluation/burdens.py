"""How the tumour burden by one agrees with the burden by another: BSTBI or lesion area, study by study."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.evaluation.pairs import (
    Pair,
    model_with_readers,
    model_with_reference,
    readers_with_each_other,
    readers_with_reference,
)
from backend.evaluation.scores import Json, Score, reader_names
from backend.measures.two_methods import two_methods

Quantity = Literal["bstbi", "lesion_area_cm2"]
THIRDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True)
class StudyBurden:
    """A study by first and second; `index` is its BSTBI by the second, None where undefined."""

    patient: str
    values: tuple[float, float]
    index: float | None


def burden_figures(scores: Sequence[Score], quantity: Quantity) -> Json:
    """How the quantity agrees.

    Returns:
        `agreement`: [{`first`, `second`, `contributed`, `bias`, `limit_low`, `limit_high`, `icc`,
        `mean_absolute_error`}] of model, readers and reference; `by_burden`: [{`group`, …}] of the model in studies
        without metastases and in the thirds of the others by the reference's index; `points`: [[model, reference], …].
    """
    model = studies(model_with_reference(scores), quantity)
    return {
        "agreement": [
            {"first": first, "second": second, "contributed": any(pair.contributed for pair in pairs)}
            | agreement(studies(pairs, quantity))
            for first, second, pairs in _compared(scores)
        ],
        "by_burden": [{"group": group} | agreement(own) for group, own in _by_burden(model)],
        "points": [list(one.values) for one in model],
    }


def studies(pairs: Sequence[Pair], quantity: Quantity) -> list[StudyBurden]:
    """Each study once for each who is compared, where both have the quantity."""
    grouped: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        grouped[pair.patient, pair.study, pair.who].append(pair)
    found = []
    for (patient, _, _), own in grouped.items():
        index = _index(own)
        values = index if quantity == "bstbi" else _area(own)
        if values is not None:
            found.append(StudyBurden(patient, values, index[1] if index else None))
    return found


def agreement(found: Sequence[StudyBurden]) -> Json:
    by_patient: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in found:
        by_patient[one.patient].append(one.values)
    return dict(two_methods(by_patient).to_json())


def _compared(scores: Sequence[Score]) -> Iterator[tuple[str, str, list[Pair]]]:
    names = reader_names(scores)
    yield "model", "reference", model_with_reference(scores)
    for name in names:
        yield "model", name, model_with_readers(scores, name)
    for name in names:
        yield name, "reference", readers_with_reference(scores, name)
    yield "reader", "reader", readers_with_each_other(scores)


def _by_burden(found: Sequence[StudyBurden]) -> list[tuple[str, list[StudyBurden]]]:
    known = [one for one in found if one.index is not None]
    rising = sorted((one for one in known if one.index), key=lambda one: one.index or 0.0)
    cuts = [round(len(rising) * part / len(THIRDS)) for part in range(len(THIRDS) + 1)]
    thirds = [(name, rising[cuts[at] : cuts[at + 1]]) for at, name in enumerate(THIRDS)]
    return [("no metastasis", [one for one in known if one.index == 0]), *thirds]


def _index(pairs: Sequence[Pair]) -> tuple[float, float] | None:
    """Means over the sub-images in which both have an index."""
    values = [(a, b) for pair in pairs for a, b in zip(*pair.bstbi, strict=True) if a is not None and b is not None]
    if not values:
        return None
    first, second = zip(*values, strict=True)
    return float(np.mean(first)), float(np.mean(second))


def _area(pairs: Sequence[Pair]) -> tuple[float, float] | None:
    """Both projections summed, cm²."""
    sums = [0.0, 0.0]
    for pair in pairs:
        if pair.pixel_mm is None:
            return None
        for side in (0, 1):
            sums[side] += pair.burden[side][0] * (pair.pixel_mm / 10) ** 2
    return sums[0], sums[1]
