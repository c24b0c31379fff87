"""A model looks at the sequestered cases: one score for each, and pictures of the worst."""

from collections.abc import Callable, Iterable

from backend.errors import InputError
from backend.evaluation.score import Case, score_case
from backend.evaluation.scores import Score
from backend.evaluation.worst import WORST_CASES, badness, picture
from backend.model.inference import Predictor
from backend.records import Prediction


def evaluate(cases: Iterable[Case], predictor: Predictor, keep: Callable[[bytes], str]) -> list[Score]:
    """Predicts and scores the sequestered cases of one dataset version.

    Args:
        cases: one projection each, read one at a time.
        keep: stores a picture, and gives the SHA-256 by which it is found again.

    Raises:
        InputError: no cases.
        ScanError: the sub-images of a case cannot be used.
    """
    scores: list[Score] = []
    worst: list[tuple[Score, Case, Prediction]] = []
    for case in cases:
        score, prediction = score_case(case, predictor)
        scores.append(score)
        worst = sorted([*worst, (score, case, prediction)], key=lambda one: badness(one[0]), reverse=True)[:WORST_CASES]
    if not scores:
        raise InputError("the dataset version has no test case; freeze one with sequestered references first")
    for score, case, prediction in worst:
        shown = case.sub_images.get("low", next(iter(case.sub_images.values())))
        score["picture"] = keep(picture(shown, case.reference, prediction.masks))
    return scores
