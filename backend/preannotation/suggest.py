"""A model's outlines of one study as Label Studio takes them; on a blind case, nothing of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.labelstudio.layout import image_name, label_control
from backend.records import PROJECTIONS, Prediction, Projection
from converters.grid import GRID_COLUMNS, GRID_ROWS
from converters.label_studio import to_results

NOTHING_SHOWN_SCORE = 0.0


def prediction_dict(predictions: Mapping[Projection, Prediction], model_version: str) -> dict[str, Any]:
    """Label Studio's prediction of one task: `result`, `score`, `model_version`.

    The score is that of the surest outline, so that a stream ordered by score brings the least certain studies
    first; 0 where the model found nothing.

    Args:
        predictions: by projection, on the normalised grid; a projection without an image is left out.
        model_version: the version string that the ML backend's `/setup` names as well.
    """
    result: list[dict[str, Any]] = []
    scores = [NOTHING_SHOWN_SCORE]
    for projection in PROJECTIONS:
        if projection not in predictions:
            continue
        regions = predictions[projection].regions
        scores += [region.score for region in regions if region.score is not None]
        result += to_results(
            (replace(region, suggested=True) for region in regions),
            from_name=label_control(projection),
            to_name=image_name(projection, "low"),
            rows=GRID_ROWS,
            columns=GRID_COLUMNS,
        )
    return {"result": result, "score": max(scores), "model_version": model_version}


def blind_prediction_dict(model_version: str) -> dict[str, Any]:
    """The same shape for a blind case: Label Studio wants one answer per task, and this one is the same for all."""
    return {"result": [], "score": NOTHING_SHOWN_SCORE, "model_version": model_version}
