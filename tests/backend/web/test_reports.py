"""A model's report on the pages, and its files."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backend.evaluation.report import build_report
from backend.evaluation.score import Case, score_prediction
from backend.jobs.steps.report import FILES
from backend.records import LabelMasks, Prediction
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Evaluation, ModelVersion
from converters.grid import GRID_SHAPE

MODEL, DATASET = "3fa94c01b2de", "d" * 64


def _score() -> dict[str, Any]:
    """Of one projection on which nothing is and nothing is said to be."""
    nothing = np.zeros(GRID_SHAPE, bool)
    image, masks = np.full(GRID_SHAPE, 200, np.uint8), LabelMasks(nothing, nothing)
    case = Case("patient 1", "token1", "anterior", 60.0, False, {"low": image}, masks)
    blank = np.zeros(GRID_SHAPE, np.float32)
    said = Prediction(MODEL, masks, (), {"metastasis": blank, "bladder": blank}, {"metastasis": 0.0, "bladder": 0.0})
    return score_prediction(case, said)


@pytest.fixture
def reported(settings: Settings) -> None:
    scores = [_score()]
    kept = blobs_of(settings).put(json.dumps(scores).encode())
    report = build_report(scores, MODEL, DATASET)
    with open_session(settings) as session:
        session.add(DatasetVersion(id=DATASET, manifest={"members": []}))
        session.add(ModelVersion(id=MODEL, weights_sha256="e" * 64, card={}, dataset_id=DATASET, code_version="0.1.0"))
        session.flush()
        session.add(
            Evaluation(model_id=MODEL, dataset_id=DATASET, report=report, scores_sha256=kept, html_sha256="0" * 64)
        )


@pytest.fixture
def engineer(log_in: Callable[[str], Any]) -> Any:
    return log_in("engineer")


def test_the_page_offers_every_file_of_the_report(engineer: Any, reported: None) -> None:
    page = engineer.get(f"/models/{MODEL}/report").text
    for name in FILES:
        assert f'href="/models/{MODEL}/report/{name}"' in page


@pytest.mark.parametrize("name", ["report.html", "report.json", "figures.csv", "report.pdf"])
def test_a_file_is_saved_under_a_name_that_says_whose_it_is(engineer: Any, reported: None, name: str) -> None:
    reply = engineer.get(f"/models/{MODEL}/report/{name}")
    assert reply.status_code == 200
    assert reply.mimetype == FILES[name]
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{MODEL}-{name}"'
    assert reply.data
    assert b"patient 1" not in reply.data


def test_the_report_in_the_frame_may_do_nothing(engineer: Any, reported: None) -> None:
    reply = engineer.get(f"/models/{MODEL}/report.html")
    assert reply.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "There is no champion yet" in reply.text or "The test set is too small" in reply.text


def test_a_file_that_a_report_is_not_written_as_is_answered_with_those_it_is(engineer: Any, reported: None) -> None:
    reply = engineer.get(f"/models/{MODEL}/report/report.xlsx")
    assert reply.status_code == 404
    assert "figures.csv" in reply.text


def test_a_model_without_a_report_is_told_how_to_get_one(engineer: Any, reported: None) -> None:
    reply = engineer.get("/models/77e0d1c4a9f3/report/report.pdf")
    assert reply.status_code == 404
    assert "scintiloop evaluate 77e0d1c4a9f3" in reply.text
