"""The evaluation report: what a model does on the sequestered cases, beside what the readers do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.errors import InputError
from backend.evaluation.figures import Json, bstbi_error, by_age, label_figures, patient_figures, patient_truth
from backend.evaluation.humans import between_readers, reader_figures
from backend.evaluation.score import Case, Score, score_case
from backend.measures.burden import LESION_WEIGHT
from backend.model.inference import Predictor
from backend.records import Prediction

WORST_CASES = 6

DEFINITIONS = {
    "dice": "2|A∩B|/(|A|+|B|), mean over projections whose reference holds the label; ignored pixels count nowhere",
    "pooled_dice": "Dice of the pixels of all projections together",
    "dice_to_model, between_readers": "mean over projections where either of the two holds the label",
    "patients": "positive where the classifier's highest metastasis probability over the patient's crops is ≥ 0.5",
    "patients_by_mask": "positive where the model outlines any metastasis; the AUC uses the outlined pixels",
    "bstbi": f"mean over the study's sub-images (low and high window of each projection), K = {LESION_WEIGHT}",
    "intervals": "95 %: Wilson for proportions, DeLong for AUC, else percentile bootstrap by patient, 2,000 resamples",
}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """`report` is FILES.md's JSON; `scores` one plain document per projection, for paired comparison; `worst` the
    cases with the lowest lesion Dice, worst first, and what the model said of them."""

    report: Json
    scores: list[Score]
    worst: list[tuple[Case, Prediction, Score]]


def evaluate(cases: Iterable[Case], predictor: Predictor, *, dataset: str, looks: int = 1) -> Evaluation:
    """Predicts, scores and reports the sequestered cases of one dataset version.

    Args:
        cases: one projection each, read one at a time.
        dataset: id of the dataset version.
        looks: how often this test set has been looked at, this time included.

    Raises:
        InputError: no cases.
        ScanError: the sub-images of a case cannot be used.
    """
    scores: list[Score] = []
    worst: list[tuple[Case, Prediction, Score]] = []
    for case in cases:
        score, prediction = score_case(case, predictor)
        scores.append(score)
        worst = sorted([*worst, (case, prediction, score)], key=_badness, reverse=True)[:WORST_CASES]
    if not scores:
        raise InputError("the dataset version has no test case; freeze one with sequestered references first")
    return Evaluation(build_report(scores, predictor.version, dataset, looks), scores, worst)


def build_report(scores: Sequence[Score], model: str, dataset: str, looks: int = 1) -> Json:
    """The report of scores that were counted before; every figure with its interval and n."""
    truth = patient_truth(scores)
    kinds = Counter(kind for _, kind in truth.values())
    return {
        "model": model,
        "dataset": dataset,
        "n": {
            "patients": len(truth),
            "positive_patients": sum(positive for positive, _ in truth.values()),
            "projections": len(scores),
        },
        "labels": label_figures(scores),
        "patients": patient_figures(scores),
        "patients_by_mask": patient_figures(scores, by_mask=True),
        "truth": {"metastasis_column": kinds["metastasis column"], "reference": kinds["reference"]},
        "by_age": by_age(scores),
        "readers": reader_figures(scores),
        "between_readers": between_readers(scores),
        "bstbi": {"mean_absolute_error": bstbi_error(scores).to_json()},
        "looks": looks,
        "definitions": DEFINITIONS,
    }


def _badness(entry: tuple[Case, Prediction, Score]) -> tuple[float, int]:
    """Lowest lesion Dice first; among projections without any lesion the most falsely outlined pixels."""
    score = entry[2]
    dice = score["dice"]["metastasis"]
    return (1.0 - (1.0 if dice is None else dice), max(score["lesion_pixels"], score["counts"]["metastasis"][2]))
