"""Reported numbers from scores: every one with its interval and n, intervals by patient."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from backend.evaluation.score import Score
from backend.measures.intervals import bootstrap, bootstrap_mean, delong_auc, pooled_dice_of_sums, wilson
from backend.measures.overlap import Overlap, pooled_dice
from backend.records import Figure
from converters.regions import LABELS

CALL = 0.5
"""Classifier probability at which a patient is called positive."""
AGE_GROUPS: tuple[tuple[str, float, float], ...] = (("<50", 0, 50), ("50-69", 50, 70), (">=70", 70, np.inf))

Json = dict[str, object]
Counts = Iterable[tuple[str, Sequence[int]]]
"""(patient, `Overlap`) of projections."""


def dice_figure(counts: Counts, *, either: bool = False) -> Figure:
    """Mean Dice over projections whose second mask holds the label, or `either` mask; interval by patient."""
    values: dict[str, list[float]] = defaultdict(list)
    for patient, count in counts:
        overlap = Overlap(*count)
        if overlap.second or (either and overlap.first):
            values[patient].append(pooled_dice([overlap]) or 0.0)
    return bootstrap_mean(values)


def pooled_figure(counts: Counts) -> Figure:
    """Dice of all pixels of all projections together; n counts projections."""
    rows: dict[str, list[Sequence[float]]] = defaultdict(list)
    for patient, count in counts:
        rows[patient].append(count)
    return bootstrap(rows, pooled_dice_of_sums)


def label_figures(scores: Sequence[Score]) -> Json:
    """Dice and pooled Dice of the model with the reference, by label."""
    found: Json = {}
    for label in LABELS:
        counts = [(score["patient"], score["counts"][label]) for score in scores]
        found[label] = {"dice": dice_figure(counts).to_json(), "pooled_dice": pooled_figure(counts).to_json()}
    return found


def patient_truth(scores: Sequence[Score]) -> dict[str, tuple[bool, str]]:
    """Patient → (has metastases, `metastasis column` or `reference`)."""
    found = {}
    for patient, own in _by_patient(scores).items():
        known = [score["truth_call"] for score in own if score["truth_call"] is not None]
        by_mask = any(score["reference_lesion"] for score in own)
        found[patient] = (any(known), "metastasis column") if known else (by_mask, "reference")
    return found


def patient_figures(scores: Sequence[Score], *, by_mask: bool = False) -> Json:
    """Sensitivity, specificity, accuracy, PPV, NPV (Wilson) and AUC (DeLong) of the patient-level call."""
    truth = {patient: positive for patient, (positive, _) in patient_truth(scores).items()}
    measure: Callable[[Score], float] = _lesion_pixels if by_mask else _crop_probability
    highest = {patient: max(map(measure, own)) for patient, own in _by_patient(scores).items()}
    called = {patient: value >= (1 if by_mask else CALL) for patient, value in highest.items()}
    return _proportions(truth, called) | {
        "auc": delong_auc([truth[patient] for patient in highest], list(highest.values())).to_json()
    }


def by_age(scores: Sequence[Score]) -> list[Json]:
    """The study's age groups, each with its patients, Dice and patient-level figures; `unknown` where there are any."""
    groups = [
        (name, [s for s in scores if s["age"] is not None and low <= s["age"] < high]) for name, low, high in AGE_GROUPS
    ]
    unknown = [score for score in scores if score["age"] is None]
    return [
        {
            "group": name,
            "n": {"patients": len(_by_patient(own)), "projections": len(own)},
            "labels": label_figures(own),
            "patients": patient_figures(own),
        }
        for name, own in groups + ([("unknown", unknown)] if unknown else [])
    ]


def bstbi_error(scores: Sequence[Score]) -> Figure:
    """Mean over studies of |index by the model's masks − index by the reference's|."""
    studies: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for score in scores:
        studies[score["patient"], score["study"]].append(score)
    errors: dict[str, list[float]] = defaultdict(list)
    for (patient, _), own in studies.items():
        model, reference = (_mean_index(own, side) for side in ("model", "reference"))
        if model is not None and reference is not None:
            errors[patient].append(abs(model - reference))
    return bootstrap_mean(errors)


def _mean_index(scores: Sequence[Score], side: str) -> float | None:
    values = [value for score in scores for value in score["bstbi"][side] if value is not None]
    return float(np.mean(values)) if values else None


def _proportions(truth: Mapping[str, bool], called: Mapping[str, bool]) -> Json:
    both = [(truth[patient], called[patient]) for patient in truth]
    tp, fn = both.count((True, True)), both.count((True, False))
    tn, fp = both.count((False, False)), both.count((False, True))
    counts = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "accuracy": (tp + tn, len(both)),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
    }
    return {name: wilson(k, n).to_json() for name, (k, n) in counts.items()}


def _by_patient(scores: Sequence[Score]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        found[score["patient"]].append(score)
    return dict(found)


def _crop_probability(score: Score) -> float:
    return float(score["crop_probability"]["metastasis"])


def _lesion_pixels(score: Score) -> float:
    return float(score["lesion_pixels"])
