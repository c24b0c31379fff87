"""What one model does on one cohort, projection by projection, and the figures from it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backend.measures.intervals import bootstrap, bootstrap_mean, delong_auc
from backend.measures.lesions import match
from backend.measures.overlap import overlap
from backend.records import Figure, LabelMasks
from converters.regions import LABELS
from tests.benchmarks.recipes.cohort import Projected

LARGE_LESION = 10
"""Pixels from which a lesion counts for F1."""

Row = dict[str, Any]


def row(one: Projected, masks: LabelMasks, probability: float, kind: str) -> Row:
    """Counts of one projection against `kind`: per label (shared, ours, theirs), lesions (hit, false, missed)."""
    other = one.by[kind]
    return {
        "p": one.patient,
        "y": one.positive,
        "q": round(probability, 5),
        "l": _lesions(masks, other),
        **{label[0]: list(overlap(masks[label], other[label], other.ignored)) for label in LABELS},
    }


def _lesions(masks: LabelMasks, other: LabelMasks) -> list[int]:
    """A lesion of 10 pixels or more is hit or missed; one of ours of that size that meets none of theirs is false."""
    found = match(masks.metastasis, other.metastasis)
    ours, theirs = found.sizes_a, found.sizes_b
    hit = sum(1 for _, b, _ in found.matched if theirs[b] >= LARGE_LESION)
    missed = sum(1 for b in found.only_b if theirs[b] >= LARGE_LESION)
    ignored = other.ignored
    false = 0
    for a in found.only_a:
        where = found.labels_a == a
        if ours[a] >= LARGE_LESION and not (ignored is not None and (where & ignored).sum() * 2 > ours[a]):
            false += 1
    return [hit, false, missed]


def figures(rows: Iterable[Row]) -> dict[str, Figure]:
    """Dice per label, lesion F1 and patients' AUC, each with its interval by patient."""
    listed = list(rows)
    found = {label: _dice(listed, label[0]) for label in LABELS}
    lesions: dict[str, list[list[int]]] = defaultdict(list)
    for one in listed:
        lesions[one["p"]].append(one["l"])
    found_f1 = bootstrap(lesions, _f1)
    truth = {one["p"]: one["y"] for one in listed}
    highest = {patient: max(one["q"] for one in listed if one["p"] == patient) for patient in truth}
    auc = delong_auc([truth[p] for p in truth], [highest[p] for p in truth])
    return {**found, "f1": found_f1, "auc": auc}


def by_patient(rows: Iterable[Row], letter: str) -> dict[str, list[float | None]]:
    """Dice of each patient's projections in order, None where the other side lacks the label."""
    found: dict[str, list[float | None]] = defaultdict(list)
    for one in rows:
        shared, ours, theirs = one[letter]
        found[one["p"]].append(2 * shared / (ours + theirs) if theirs else None)
    return dict(found)


def _dice(rows: list[Row], letter: str) -> Figure:
    return bootstrap_mean(by_patient(rows, letter))


def _f1(sums: np.ndarray) -> np.ndarray:
    total = 2 * sums[..., 0] + sums[..., 1] + sums[..., 2]
    return np.where(total == 0, np.nan, 2 * sums[..., 0] / np.where(total == 0, 1, total))


Look = Callable[[Projected], tuple[LabelMasks, float]]


def score(cohort: Iterable[Projected], look: Look, kinds: Iterable[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {kind: [] for kind in kinds}
    for one in cohort:
        masks, probability = look(one)
        for kind, rows in found.items():
            rows.append(row(one, masks, probability, kind))
    return found
