"""Figures of readings beside the references that stand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backend.agreement.between import MEANS, label_figures
from backend.agreement.material import Judged
from backend.measures.tally import NOTHING, Tally
from backend.records import Figure
from converters.regions import LABELS

Json = dict[str, Any]


def against(judged: Sequence[Judged]) -> Json:
    """Figures over these readings; every interval by patient.

    Returns:
        `n` {patients, projections}; `labels` as between readers, over the projections whose reference holds the label;
        `lesion_f1`; `sensitivity`: the share of the references' lesions that were found; `missed` and `over_called`:
        lesions per projection; `contributed`: whether a reading helped to make one of these references, and in
        `contributions` how many did.
    """
    tally = Tally()
    for one in judged:
        _count(tally, one)
    figures = tally.figures()
    contributions = sum(one.contributed for one in judged)
    return {
        "n": {"patients": len({one.image.patient for one in judged}), "projections": len(judged)},
        "labels": label_figures(figures),
        "lesion_f1": figures.get("lesion_f1", NOTHING).to_json(),
        "sensitivity": _proportion(figures.get("sensitivity", NOTHING), judged).to_json(),
        "missed": figures.get("missed", NOTHING).to_json(),
        "over_called": figures.get("over_called", NOTHING).to_json(),
        "contributed": contributions > 0,
        "contributions": contributions,
    }


def by_reader(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    found: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        found[one.reading.reader].append(one)
    return dict(sorted(found.items()))


def _count(tally: Tally, one: Judged) -> None:
    patient, lesions = one.image.patient, one.measures["lesions"]
    for label in LABELS:
        values = one.measures["labels"][label]
        if values["pixels"][2]:
            for mean in MEANS:
                tally.add_mean(patient, f"{label} {mean}", values[mean])
    matched, missed, over_called = lesions["matched"], lesions["missed"], lesions["over_called"]
    tally.add(patient, "lesion_f1", 2 * matched, 2 * matched + missed + over_called)
    tally.add(patient, "sensitivity", matched, matched + missed)
    tally.add(patient, "missed", missed)
    tally.add(patient, "over_called", over_called)


def _proportion(figure: Figure, judged: Sequence[Judged]) -> Figure:
    return replace(figure, k=sum(one.measures["lesions"]["matched"] for one in judged))
