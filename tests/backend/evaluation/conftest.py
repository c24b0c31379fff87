"""Cases and predictions whose figures can be worked out by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backend.evaluation.score import Case, score_prediction
from backend.records import LabelMasks, Prediction
from converters.grid import GRID_SHAPE
from converters.regions import Mask

IMAGE = np.full(GRID_SHAPE, 155, np.uint8)
NOTHING = np.zeros(GRID_SHAPE, bool)


def _rows(first: int, last: int) -> Mask:
    mask = NOTHING.copy()
    mask[first:last, :10] = True
    return mask


@pytest.fixture
def rows() -> Callable[[int, int], Mask]:
    """`(first, last)` → a mask of these rows, ten columns wide."""
    return _rows


@pytest.fixture
def make_case() -> Callable[..., Case]:
    def make(patient: str, lesion: Mask, **changes: Any) -> Case:
        given: dict[str, Any] = {
            "patient": patient,
            "study": f"S-{patient}",
            "projection": "anterior",
            "age": 60.0,
            "truth_call": bool(lesion.any()),
            "sub_images": {"low": IMAGE, "high": IMAGE},
            "reference": LabelMasks(lesion, _rows(600, 610)),
        }
        return Case(**(given | changes))

    return make


@pytest.fixture
def predicted() -> Callable[..., Prediction]:
    def make(lesion: Mask, probability: float = 0.9) -> Prediction:
        masks = LabelMasks(lesion, _rows(600, 610))
        blank = np.zeros(GRID_SHAPE, np.float32)
        return Prediction(
            "v1", masks, (), {"metastasis": blank, "bladder": blank}, {"metastasis": probability, "bladder": 1}
        )

    return make


@pytest.fixture
def scores(make_case: Callable[..., Case], predicted: Callable[..., Prediction]) -> list[dict[str, Any]]:
    """Four patients: found, half found, missed, healthy and rightly called so."""
    whole, half = _rows(100, 110), _rows(100, 105)
    return [
        score_prediction(make_case("a", whole, age=40.0), predicted(whole)),
        score_prediction(make_case("b", whole), predicted(half)),
        score_prediction(make_case("c", whole, age=75.0, truth_call=None), predicted(NOTHING, 0.1)),
        score_prediction(make_case("d", NOTHING, age=None), predicted(NOTHING, 0.2)),
    ]
