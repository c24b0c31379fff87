import json
from collections.abc import Callable

import numpy as np
import pytest

from backend.evaluation.score import Case, score_prediction
from backend.records import LabelMasks, Prediction
from converters.grid import GRID_SHAPE
from converters.regions import Mask

Rows = Callable[[int, int], Mask]
MakeCase = Callable[..., Case]
Predicted = Callable[..., Prediction]


def test_dice_counts_shared_pixels_twice(make_case: MakeCase, predicted: Predicted, rows: Rows) -> None:
    score = score_prediction(make_case("a", rows(100, 110)), predicted(rows(100, 105)))
    assert score["counts"]["metastasis"] == [50, 50, 100]
    assert score["dice"]["metastasis"] == pytest.approx(2 * 50 / 150)
    assert score["dice"]["bladder"] == 1


def test_dice_of_two_empty_masks_is_undefined(make_case: MakeCase, predicted: Predicted, rows: Rows) -> None:
    score = score_prediction(make_case("a", rows(0, 0)), predicted(rows(0, 0)))
    assert score["dice"]["metastasis"] is None


def test_ignored_pixels_count_neither_for_nor_against(make_case: MakeCase, predicted: Predicted, rows: Rows) -> None:
    reference = LabelMasks(rows(100, 110), rows(600, 610), ignored=rows(200, 210))
    case = make_case("a", rows(100, 110), reference=reference)
    assert score_prediction(case, predicted(rows(100, 110) | rows(200, 210)))["dice"]["metastasis"] == 1


def test_readers_stand_beside_the_model(make_case: MakeCase, predicted: Predicted, rows: Rows) -> None:
    lesion = rows(100, 110)
    readings = {"r1": LabelMasks(lesion, rows(600, 610)), "r2": LabelMasks(rows(0, 0), rows(600, 605))}
    case = make_case(
        "a", lesion, readings=readings, exposures={"r1": "assisted", "r2": "blind"}, contributed=frozenset({"r1"})
    )
    score = score_prediction(case, predicted(lesion))
    assert score["readers"]["r1"]["contributed"]
    assert not score["readers"]["r2"]["contributed"]
    assert score["readers"]["r2"]["to_model"]["metastasis"] == [0, 100, 0]
    assert score["between_readers"] == [
        {
            "readers": ["r1", "r2"],
            "exposures": ["assisted", "blind"],
            "counts": {"metastasis": [0, 100, 0], "bladder": [50, 100, 50]},
        }
    ]


def test_burden_follows_the_formula_for_model_and_reference(
    make_case: MakeCase, predicted: Predicted, rows: Rows
) -> None:
    score = score_prediction(make_case("a", rows(100, 110)), predicted(rows(0, 0)))
    pixels = np.prod(GRID_SHAPE) - 100
    assert score["bstbi"]["model"] == [0.0, 0.0]
    assert score["bstbi"]["reference"] == [pytest.approx(500 / (400 + pixels))] * 2


def test_a_score_is_a_plain_document(make_case: MakeCase, predicted: Predicted, rows: Rows) -> None:
    score = score_prediction(make_case("a", rows(100, 110)), predicted(rows(100, 105)))
    assert json.loads(json.dumps(score)) == score
