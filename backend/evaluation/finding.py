"""Free response: lesions found against false regions, over all confidences and where the model stands."""

from collections import defaultdict
from collections.abc import Sequence

from backend.evaluation.outlines import lesion_figures
from backend.evaluation.pairs import Pair, model_with_reference, readers_with_reference
from backend.evaluation.scores import Json, Score, by_patient, by_study, reader_names
from backend.measures.free_response import RATES, Candidate, FreeResponse


def froc_figures(scores: Sequence[Score]) -> Json:
    """The curve of the model's candidates, and the points at which model and readers stand.

    Returns:
        `at`: [{`false_per_study`, `sensitivity`}]; `points`: [[false regions per study, sensitivity, least
        confidence], …]; `standing`: [{`who`, `contributed`, `false_per_study`, `sensitivity`}], the first the model.
    """
    curve = _curve(scores)
    figures = curve.sensitivity_at()
    standing = [("model", model_with_reference(scores))]
    standing += [(name, readers_with_reference(scores, name)) for name in reader_names(scores)]
    return {
        "at": [
            {"false_per_study": rate, "sensitivity": figure.to_json()}
            for rate, figure in zip(RATES, figures, strict=True)
        ],
        "points": [list(point) for point in curve.points()],
        "standing": [_standing(who, pairs) for who, pairs in standing],
    }


def _curve(scores: Sequence[Score]) -> FreeResponse:
    candidates: dict[str, list[Candidate]] = defaultdict(list)
    lesions: dict[str, int] = defaultdict(int)
    for score in scores:
        found = score["measures"]["lesions"]
        lesions[score["patient"]] += len(found["matched"]) + len(found["only"][1])
        for _, confidence, true in score["regions"]["outlined"] + score["regions"]["further"]:
            candidates[score["patient"]].append((confidence, bool(true)))
    studies = {patient: len(by_study(own)) for patient, own in by_patient(scores).items()}
    return FreeResponse.of(candidates, lesions, studies)


def _standing(who: str, pairs: Sequence[Pair]) -> Json:
    lesions = lesion_figures(pairs)
    return {"who": who, "contributed": any(pair.contributed for pair in pairs)} | {
        name: lesions[name] for name in ("false_per_study", "sensitivity")
    }
