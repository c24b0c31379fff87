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
NO_METASTASIS = "no metastasis"
THIRDS = ("lowest third", "middle third", "highest third")
GROUPS = (NO_METASTASIS, *THIRDS)


@dataclass(frozen=True)
class StudyBurden:
    """A study by first and second."""

    patient: str
    study: str
    values: tuple[float, float]


def burden_figures(scores: Sequence[Score], quantity: Quantity) -> Json:
    """How the quantity agrees.

    Returns:
        `agreement`: [{`first`, `second`, `contributed`, `bias`, `limit_low`, `limit_high`, `icc`,
        `mean_absolute_error`}] of model, readers and reference; `by_burden`: the same with `group`, in studies without
        metastases and in the thirds of the others by the reference's index; `points`: [[model, reference], …].
    """
    compared = [
        ({"first": first, "second": second, "contributed": any(pair.contributed for pair in pairs)}, pairs)
        for first, second, pairs in _compared(scores)
    ]
    found = [(who, studies(pairs, quantity)) for who, pairs in compared]
    groups = _burden_groups(scores)
    return {
        "agreement": [who | agreement(own) for who, own in found],
        "by_burden": [
            {"group": group} | who | agreement([one for one in own if groups.get((one.patient, one.study)) == group])
            for group in GROUPS
            for who, own in found
        ],
        "points": [list(one.values) for one in found[0][1]],
    }


def studies(pairs: Sequence[Pair], quantity: Quantity) -> list[StudyBurden]:
    """Each study once for each who is compared, where both have the quantity."""
    grouped: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        grouped[pair.patient, pair.study, pair.who].append(pair)
    found = []
    for (patient, study, _), own in grouped.items():
        values = _index(own) if quantity == "bstbi" else _area(own)
        if values is not None:
            found.append(StudyBurden(patient, study, values))
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


def _burden_groups(scores: Sequence[Score]) -> dict[tuple[str, str], str]:
    """(patient, study) → its group, by the reference's index."""
    known = [(one.values[1], one.patient, one.study) for one in studies(model_with_reference(scores), "bstbi")]
    rising = sorted(one for one in known if one[0])
    groups = {(patient, study): NO_METASTASIS for index, patient, study in known if not index}
    for place, (_, patient, study) in enumerate(rising):
        groups[patient, study] = THIRDS[place * len(THIRDS) // len(rising)]
    return groups


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
