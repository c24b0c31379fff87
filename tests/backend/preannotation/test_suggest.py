"""A model's outlines as Label Studio takes them."""

import json

import numpy as np

from backend.preannotation.suggest import blind_prediction_dict, prediction_dict
from backend.records import LabelMasks, Prediction
from converters.label_studio import read_export
from converters.regions import Label, Polygon, Region


def prediction(*regions: Region) -> Prediction:
    nothing = np.zeros((1024, 256), bool)
    return Prediction("model-1", LabelMasks(nothing, nothing), regions, {}, {})


def triangle(label: Label, left: float, score: float) -> Region:
    return Region(label, Polygon(((left, 10.0), (left + 9, 10.0), (left, 19.0))), score)


BOTH = {
    "posterior": prediction(triangle("bladder", 90, 0.6)),
    "anterior": prediction(triangle("metastasis", 10, 0.7), triangle("bladder", 50, 0.9)),
}


def test_each_outline_lies_on_its_projection_with_its_score() -> None:
    said = prediction_dict(BOTH, "model-1")  # type: ignore[arg-type]
    drawn = [(entry["from_name"], entry["to_name"], entry["score"]) for entry in said["result"]]
    assert drawn == [
        ("anterior_label", "anterior", 0.7),
        ("anterior_label", "anterior", 0.9),
        ("posterior_label", "posterior", 0.6),
    ]
    assert (said["score"], said["model_version"]) == (0.9, "model-1")


def test_the_outlines_come_back_as_the_model_drew_them() -> None:
    said = prediction_dict(BOTH, "model-1")  # type: ignore[arg-type]
    data = {"anterior": "a/a.png", "posterior": "a/p.png"}
    task = {"id": 1, "data": data, "annotations": [{"id": 1, "completed_by": 1, "result": said["result"]}]}
    ((submission,), _) = read_export([task], "task")
    shapes = [region.shape for region in submission.regions["anterior"]]
    assert shapes == [region.shape for region in BOTH["anterior"].regions]
    assert all(region.suggested for regions in submission.regions.values() for region in regions)


def test_nothing_found_is_an_empty_result_with_a_number_for_score() -> None:
    assert prediction_dict({"anterior": prediction()}, "model-1") == blind_prediction_dict("model-1")


def test_a_study_of_one_projection_gets_outlines_on_that_one_only() -> None:
    said = prediction_dict({"posterior": BOTH["posterior"]}, "model-1")
    assert {entry["to_name"] for entry in said["result"]} == {"posterior"}


def test_all_blind_cases_look_the_same() -> None:
    assert json.dumps(blind_prediction_dict("v2")) == '{"result": [], "score": 0.0, "model_version": "v2"}'
