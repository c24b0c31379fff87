import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.errors import InputError
from backend.evaluation.evaluate import evaluate
from backend.evaluation.html import to_html
from backend.evaluation.report import build_report
from backend.evaluation.score import Case
from backend.evaluation.worst import picture
from backend.model.inference import Predictor
from backend.model.networks import Architecture, build
from backend.model.outlines import Thresholds
from backend.records import LabelMasks, Prediction
from converters.regions import Mask

Scores = list[dict[str, Any]]
Keep = Callable[[bytes], str]


@pytest.fixture
def report(scores: Scores) -> dict[str, Any]:
    return build_report(scores, "v1", "dataset", looks=3)


def test_dice_is_the_mean_over_projections_that_hold_the_label(report: dict[str, Any]) -> None:
    figure = report["labels"]["metastasis"]["dice"]
    assert figure["n"] == 3
    assert figure["value"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1


def test_pooled_dice_sums_pixels_of_all_projections(report: dict[str, Any]) -> None:
    figure = report["labels"]["metastasis"]["pooled_dice"]
    assert figure["value"] == pytest.approx(2 * 150 / (150 + 300))
    assert figure["n"] == 4


def test_patients_are_called_by_their_highest_crop(report: dict[str, Any]) -> None:
    calls = report["patients"]
    assert (calls["sensitivity"]["k"], calls["sensitivity"]["n"]) == (2, 3)
    assert (calls["specificity"]["k"], calls["specificity"]["n"]) == (1, 1)
    assert (calls["accuracy"]["k"], calls["npv"]["n"]) == (3, 2)
    assert calls["auc"]["value"] == pytest.approx(2 / 3)
    assert report["patients_by_mask"]["sensitivity"]["k"] == 2


def test_each_kind_of_truth_is_counted(report: dict[str, Any]) -> None:
    assert report["truth"] == {"metastasis_column": 3, "reference": 1}


def test_age_groups_are_the_studys_and_the_unknown(report: dict[str, Any]) -> None:
    groups = {group["group"]: group["n"]["patients"] for group in report["by_age"]}
    assert groups == {"<50": 1, "50-69": 1, ">=70": 1, "unknown": 1}


def test_an_empty_age_group_has_undefined_figures(scores: Scores) -> None:
    report = build_report([score for score in scores if score["age"] == 60], "v1", "dataset")
    oldest = next(group for group in report["by_age"] if group["group"] == ">=70")  # type: ignore[attr-defined]
    assert oldest["labels"]["metastasis"]["dice"] == {"value": None, "low": None, "high": None, "n": 0}
    assert oldest["patients"]["sensitivity"] == {"value": None, "low": None, "high": None, "n": 0, "k": 0}


def test_the_report_counts_the_looks_at_the_test_set(report: dict[str, Any]) -> None:
    assert report["looks"] == 3


def test_the_report_is_plain_json(report: dict[str, Any]) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_evaluating_nothing_is_refused(scores: Scores) -> None:
    predictor = Predictor.of(build(Architecture.named("resnet18")), Thresholds(), "v1")
    with pytest.raises(InputError, match="no test case"):
        evaluate([], predictor, keep=lambda _: "")


def test_a_real_predictor_is_evaluated_and_shown_on_one_self_contained_page(
    make_case: Callable[..., Case], rows: Callable[[int, int], Mask], kept: dict[str, bytes], keep: Keep
) -> None:
    predictor = Predictor.of(
        build(Architecture.named("timm-tf_efficientnet_lite0")), Thresholds(0.0, 0.99, 0.99), "v<1>"
    )
    reading = LabelMasks(rows(100, 108), rows(600, 610))
    case = make_case("a", rows(100, 110), readings={"r1": reading, "r2": reading}, exposures={"r1": "blind"})
    scores = evaluate([case, make_case("b", rows(0, 0))], predictor, keep)
    page = to_html(build_report(scores, "v<1>", "d" * 64), kept.__getitem__)
    assert all(score["seconds"] > 0 and score["device"] for score in scores)
    assert len(scores[0]["crops"]["metastasis"][0]) == 7
    assert page.count("data:image/png;base64,") == 2
    assert "v&lt;1&gt;" in page
    assert not re.search(r"(src|href)=\"(?!data:|#)|url\(|@import|<script", page)


def test_the_contact_sheet_shows_both_outlines(
    make_case: Callable[..., Case], predicted: Callable[..., Prediction], rows: Callable[[int, int], Mask]
) -> None:
    case = make_case("a", rows(100, 110))
    shown = picture(case.sub_images["low"], case.reference, predicted(rows(300, 310)).masks)
    pixels = np.asarray(Image.open(io.BytesIO(shown)))
    around_reference, around_model = pixels[198:200, 0], pixels[598:600, 0]
    assert around_reference.tolist() == [[209, 87, 10]] * 2
    assert around_model.tolist() == [[11, 107, 203]] * 2
    assert pixels.shape == (2048, 512, 3)


def test_the_burden_error_is_per_study(report: dict[str, Any]) -> None:
    assert report["bstbi"]["mean_absolute_error"]["n"] == 4
    assert report["bstbi"]["mean_absolute_error"]["value"] > 0
