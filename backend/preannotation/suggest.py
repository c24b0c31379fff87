"""A model's outlines of one study as Label Studio takes them; on a blind case, nothing of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.labelstudio.results import study_results
from backend.records import Prediction, Projection
from converters.regions import Region

NOTHING_SHOWN_SCORE = 0.0


def prediction_dict(predictions: Mapping[Projection, Prediction], model_version: str) -> dict[str, Any]:
    """Label Studio's prediction of one task: `result`, `score`, `model_version`.

    The score is that of the surest outline, so that a stream ordered by score brings the least certain studies
    first; 0 where the model found nothing.

    Args:
        predictions: by projection, on the normalised grid; a projection without an image is left out.
        model_version: the version string that the ML backend's `/setup` names as well.
    """
    regions = {projection: suggested(prediction) for projection, prediction in predictions.items()}
    scores = [region.score for drawn in regions.values() for region in drawn if region.score is not None]
    score = max(scores, default=NOTHING_SHOWN_SCORE)
    return {"result": study_results(regions), "score": score, "model_version": model_version}


def suggested(prediction: Prediction) -> tuple[Region, ...]:
    """The outlines as a reader is given them."""
    return tuple(replace(region, suggested=True) for region in prediction.regions)


def blind_prediction_dict(model_version: str) -> dict[str, Any]:
    """The same shape for a blind case: Label Studio wants one answer per task, and this one is the same for all."""
    return {"result": [], "score": NOTHING_SHOWN_SCORE, "model_version": model_version}
