"""The evaluation report: what a model does on the sequestered cases, beside what the readers do. Made from scores
alone, so that it can be made again, to the digit, from those that were kept."""

from collections import Counter
from collections.abc import Sequence

from backend.evaluation.burdens import burden_figures
from backend.evaluation.calibration import calibration_figures
from backend.evaluation.definitions import DEFINITIONS
from backend.evaluation.finding import froc_figures
from backend.evaluation.groups import by_age, counted, slice_figures
from backend.evaluation.humans import between_readers, outline_rows, reader_figures
from backend.evaluation.outlines import label_figures
from backend.evaluation.pairs import model_with_reference
from backend.evaluation.patients import crop_figures, patient_figures, patient_roc, reader_patient_figures
from backend.evaluation.scores import Json, Score, patient_truth
from backend.evaluation.timing import time_figures
from backend.evaluation.worst import worst_cases
from converters.regions import LABELS

FORMAT = 2
"""Of the document; those before had no `format`."""


def build_report(scores: Sequence[Score], model: str, dataset: str, looks: int = 1) -> Json:
    """The report of scores that were counted before; every figure is {value, low, high, n}, proportions with k.

    Args:
        dataset: id of the dataset version.
        looks: how often this test set had been looked at, that time included.

    Returns:
        the keys that docs/evaluation.md explains; JSON-able, and equal for equal scores.
    """
    truth = patient_truth(scores)
    kinds = Counter(kind for _, kind in truth.values())
    crops, pairs = crop_figures(scores), model_with_reference(scores)
    bstbi = burden_figures(scores, "bstbi")
    return {
        "format": FORMAT,
        "model": model,
        "dataset": dataset,
        "n": {"positive_patients": sum(positive for positive, _ in truth.values())} | counted(scores),
        "labels": {label: label_figures(pairs, label) | crops[label] for label in LABELS},
        "patients": patient_figures(scores),
        "patients_by_mask": patient_figures(scores, by_mask=True),
        "patients_by_reader": reader_patient_figures(scores),
        "truth": {"metastasis_column": kinds["metastasis column"], "reference": kinds["reference"]},
        "roc": patient_roc(scores),
        "by_age": by_age(scores),
        "outlines": outline_rows(scores),
        "froc": froc_figures(scores),
        "calibration": calibration_figures(scores),
        "readers": reader_figures(scores),
        "between_readers": between_readers(scores),
        "bstbi": {"mean_absolute_error": bstbi["agreement"][0]["mean_absolute_error"]} | bstbi,
        "lesion_area_cm2": burden_figures(scores, "lesion_area_cm2"),
        "slices": slice_figures(scores),
        "time": time_figures(scores),
        "worst": worst_cases(scores),
        "looks": looks,
        "definitions": DEFINITIONS,
    }
