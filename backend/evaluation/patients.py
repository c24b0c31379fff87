"""Figures of patients and of crops: who is called positive, and how well the classifier ranks."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from backend.evaluation.scores import Json, Score, by_patient, patient_truth, reader_names
from backend.measures.clustered import clustered_auc
from backend.measures.intervals import delong_auc, wilson
from backend.records import Figure
from converters.regions import LABELS

CALL = 0.5
"""Classifier probability at which a patient is called positive."""

Calls = Mapping[str, bool]


def patient_figures(scores: Sequence[Score], *, by_mask: bool = False) -> Json:
    """Sensitivity, specificity, accuracy, PPV, NPV (Wilson) and AUC (DeLong) of the patient-level call."""
    truth, highest = _truth_and_highest(scores, _lesion_pixels if by_mask else _crop_probability)
    called = {patient: value >= (1 if by_mask else CALL) for patient, value in highest.items()}
    return _proportions(truth, called) | {
        "auc": delong_auc([truth[patient] for patient in highest], list(highest.values())).to_json()
    }


def reader_patient_figures(scores: Sequence[Score]) -> dict[str, Json]:
    """By reader: the same proportions over the patients that the reader read, who are called positive where the reader
    outlined any metastasis; `contributed` where a reference that this reader helped to make is the truth."""
    truth = patient_truth(scores)
    found = {}
    for name in reader_names(scores):
        own = {
            patient: [score["readers"][name] for score in given if name in score["readers"]]
            for patient, given in by_patient(scores).items()
        }
        called = {patient: any(one["burden"][0] for one in given) for patient, given in own.items() if given}
        made = any(one["contributed"] for patient in called for one in own[patient] if truth[patient][1] == "reference")
        found[name] = _proportions({patient: truth[patient][0] for patient in called}, called) | {"contributed": made}
    return found


def patient_roc(scores: Sequence[Score]) -> list[list[float]]:
    """[1 − specificity, sensitivity, least probability] of every distinct probability, from (0, 0) on; empty without
    both classes."""
    truth, highest = _truth_and_highest(scores, _crop_probability)
    cases = sorted(value for patient, value in highest.items() if truth[patient])
    controls = sorted(value for patient, value in highest.items() if not truth[patient])
    if not cases or not controls:
        return []
    steps = sorted(set(cases + controls), reverse=True)
    return [[0.0, 0.0, 1.0]] + [[_reached(controls, step), _reached(cases, step), step] for step in steps]


def crop_auc(scores: Sequence[Score], label: str) -> Figure:
    """How well the classifier ranks the crops by whether the reference holds the label there; n counts crops."""
    rows = [
        (score["patient"], truth, probability)
        for score in scores
        if label in score["crops"]
        for probability, truth in zip(*score["crops"][label], strict=True)
    ]
    if not rows:
        return Figure(None, None, None, 0)
    patients, truths, probabilities = zip(*rows, strict=True)
    return clustered_auc(patients, truths, probabilities)


def crop_figures(scores: Sequence[Score]) -> Json:
    return {label: {"auc": crop_auc(scores, label).to_json()} for label in LABELS}


def _truth_and_highest(
    scores: Sequence[Score], measure: Callable[[Score], float]
) -> tuple[dict[str, bool], dict[str, float]]:
    truth = {patient: positive for patient, (positive, _) in patient_truth(scores).items()}
    return truth, {patient: max(map(measure, own)) for patient, own in by_patient(scores).items()}


def _proportions(truth: Calls, called: Calls) -> Json:
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


def _reached(rising: Sequence[float], least: float) -> float:
    return float((np.asarray(rising) >= least).mean())


def _crop_probability(score: Score) -> float:
    return float(score["crop_probability"]["metastasis"])


def _lesion_pixels(score: Score) -> float:
    return float(score["lesion_pixels"])
