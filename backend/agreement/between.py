"""Figures of two readings beside each other: between readers, and a reader beside the hidden repeat."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from backend.agreement.material import Compared
from backend.measures.kappa import Calls, kappa_figure
from backend.measures.tally import NOTHING, Tally
from backend.records import Figure
from converters.regions import LABELS

MEANS = ("dice", "hd95_mm", "mean_surface_distance_mm")
QUANTILES = (0, 5, 25, 50, 75, 95, 100)
BINS = 20
KINDS = ("matched", "split", "merged", "inside")

Json = dict[str, Any]


def between(pairs: Sequence[Compared]) -> Json:
    """Figures over these pairs; every interval by patient.

    Returns:
        `n` {patients, projections}; `labels`: {label: {`dice`, `hd95_mm`, `mean_surface_distance_mm`: means over the
        projections that have one}}; `lesion_f1`; `kappa` of the call of the patient, n studies; `lesions` and
        `label_swapped`: sums.
    """
    tally = Tally()
    for one in pairs:
        _count(tally, one)
    figures = tally.figures()
    lesions = [one.measures["lesions"] for one in pairs]
    return {
        "n": {"patients": len({one.image.patient for one in pairs}), "projections": len(pairs)},
        "labels": label_figures(figures),
        "lesion_f1": figures.get("lesion_f1", NOTHING).to_json(),
        "kappa": kappa_figure(_calls(pairs)).to_json(),
        "lesions": {kind: sum(one[kind] for one in lesions) for kind in KINDS}
        | {"only": [sum(one["only"][side] for one in lesions) for side in (0, 1)]},
        "label_swapped": sum(one.measures["label_swapped"] for one in pairs),
    }


def label_figures(figures: dict[str, Figure]) -> Json:
    """Those of a tally named `<label> <mean>`, by label and mean."""
    return {label: {mean: figures.get(f"{label} {mean}", NOTHING).to_json() for mean in MEANS} for label in LABELS}


def dice_distribution(pairs: Iterable[Compared]) -> Json:
    """By label: `quantiles` {percent: value}, `histogram` of 20 equal bins (1 is in the last), `undefined`: how many
    projections neither reader marks."""
    values: defaultdict[str, list[float | None]] = defaultdict(list)
    for one in pairs:
        for label in LABELS:
            values[label].append(one.measures["labels"][label]["dice"])
    return {label: _distribution(values[label]) for label in LABELS}


def _distribution(values: Sequence[float | None]) -> Json:
    defined = [value for value in values if value is not None]
    counts, _ = np.histogram(defined, bins=BINS, range=(0, 1))
    quantiles = np.percentile(defined, QUANTILES).tolist() if defined else [None] * len(QUANTILES)
    return {
        "quantiles": dict(zip(map(str, QUANTILES), quantiles, strict=True)),
        "histogram": counts.tolist(),
        "undefined": len(values) - len(defined),
    }


def _count(tally: Tally, one: Compared) -> None:
    patient = one.image.patient
    for label in LABELS:
        for mean in MEANS:
            tally.add_mean(patient, f"{label} {mean}", one.measures["labels"][label][mean])
    twice_matched = 2 * one.measures["lesions"]["matched"]
    tally.add(patient, "lesion_f1", twice_matched, twice_matched + sum(one.measures["lesions"]["only"]))


def _calls(pairs: Iterable[Compared]) -> dict[str, list[Calls]]:
    """By patient, one for each study: whether either of the two found a lesion in the projections both could read."""
    found: dict[tuple[str, int, int, int], list[bool]] = {}
    for one in pairs:
        key = (one.image.patient, one.image.study_id, one.a.number, one.b.number)
        sides = found.setdefault(key, [False, False])
        for side, holds in enumerate(one.measures["patient_call"]):
            sides[side] |= holds
    calls: defaultdict[str, list[Calls]] = defaultdict(list)
    for (patient, *_), (first, second) in found.items():
        calls[patient].append(Calls.of(first, second))
    return calls
