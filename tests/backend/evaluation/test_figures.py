"""Every figure of a small test set, worked out by hand: see `READ_CASES` in conftest.py."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from backend.evaluation.report import build_report

Scores = list[dict[str, Any]]
MODEL, ADA, BO = "model", "Ada", "伯"


@pytest.fixture
def report(full_report: dict[str, Any]) -> dict[str, Any]:
    return full_report


def between(report: dict[str, Any], first: str, second: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["outlines"] if (one["first"], one["second"]) == (first, second))
    return found


def test_a_report_is_made_again_to_the_digit_from_scores_that_were_kept(read_scores: Scores) -> None:
    stored = json.dumps(read_scores, sort_keys=True)
    first, again = (build_report(json.loads(stored), "v1", "d", looks=2) for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again)
    assert json.loads(json.dumps(first)) == first


def test_the_order_of_the_scores_changes_no_figure(read_scores: Scores) -> None:
    there, back = (build_report(scores, "v1", "d") for scores in (read_scores, read_scores[::-1]))
    assert {name: there[name] for name in ("labels", "patients", "froc", "slices", "by_age", "roc")} == {
        name: back[name] for name in ("labels", "patients", "froc", "slices", "by_age", "roc")
    }


def test_who_is_compared_with_whom(report: dict[str, Any]) -> None:
    pairs = [(one["first"], one["second"], one["contributed"]) for one in report["outlines"]]
    assert pairs == [
        (MODEL, "reference", False),
        (MODEL, ADA, False),
        (MODEL, BO, False),
        (ADA, "reference", True),
        (BO, "reference", False),
        ("reader", "reader", False),
    ]


def test_lesions_are_counted_over_all_projections(report: dict[str, Any]) -> None:
    # 7 lesions in the reference; the model has 4 of them, and 2 regions that are none
    lesions = between(report, MODEL, "reference")["lesions"]
    assert lesions["f1"]["value"] == pytest.approx(2 * 4 / (2 * 4 + 3 + 2))
    assert (lesions["sensitivity"]["k"], lesions["sensitivity"]["n"]) == (4, 7)
    assert (lesions["precision"]["k"], lesions["precision"]["n"]) == (4, 6)
    assert lesions["false_per_study"]["value"] == pytest.approx(2 / 4)
    assert lesions["false_per_study"]["n"] == 4
    reader = between(report, BO, "reference")["lesions"]
    assert reader["f1"]["value"] == pytest.approx(2 * 4 / (2 * 4 + 3))
    assert "sensitivity" not in between(report, "reader", "reader")["lesions"]


def test_lesions_are_counted_by_size(report: dict[str, Any]) -> None:
    sizes = {one["size"]: one for one in between(report, MODEL, "reference")["lesions"]["by_size"]}
    assert sizes["<10"]["f1"]["value"] is None
    assert sizes["10-29"]["sensitivity"]["k"] == 1
    assert sizes["10-29"]["f1"]["value"] == pytest.approx(2 / (2 + 2))
    assert sizes["30-99"]["f1"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 2}, "both regions that are none"
    assert sizes[">=100"]["f1"]["value"] == pytest.approx(6 / (6 + 1))


def test_borders_are_measured_where_both_hold_the_label(report: dict[str, Any]) -> None:
    bladder = between(report, BO, "reference")["labels"]["bladder"]
    assert bladder["hd95_px"] == {"value": 2.0, "low": 2.0, "high": 2.0, "n": 6}
    assert bladder["hd95_mm"]["value"] == pytest.approx(4.0)
    model = between(report, MODEL, "reference")["labels"]["metastasis"]
    assert model["hd95_px"]["n"] == 4, "the model says nothing of c, d has no lesion"
    assert model["surface_dice"]["n"] == 5, "where the reference holds a lesion"
    assert model["surface_dice"]["value"] < model["dice"]["n"]


def test_the_free_response_curve_goes_through_what_the_model_outlines(report: dict[str, Any]) -> None:
    froc = report["froc"]
    assert froc["points"] == [[0.0, pytest.approx(4 / 7), 0.9], [0.5, pytest.approx(4 / 7), 0.6]]
    assert [one["sensitivity"]["value"] for one in froc["at"]] == [pytest.approx(4 / 7)] * 7
    assert froc["standing"][0]["false_per_study"]["value"] == 0.5
    assert [(one["who"], one["contributed"]) for one in froc["standing"]] == [(MODEL, False), (ADA, True), (BO, False)]


def test_patients_are_called_by_model_and_readers_alike(report: dict[str, Any]) -> None:
    model, readers = report["patients"], report["patients_by_reader"]
    assert (model["sensitivity"]["k"], model["sensitivity"]["n"]) == (2, 3)
    assert (model["specificity"]["k"], model["specificity"]["n"]) == (0, 1)
    assert readers[BO]["sensitivity"]["k"] == 3
    assert readers[BO]["specificity"]["k"] == 1
    assert readers[ADA]["contributed"]
    assert not readers[BO]["contributed"]


def test_the_roc_is_that_of_the_highest_crop_of_each_patient(report: dict[str, Any]) -> None:
    # a and b 0.9, d (healthy) 0.6, c (with metastases) 0
    assert report["roc"] == [
        [0, 0, 1],
        [0, pytest.approx(2 / 3), pytest.approx(0.9)],
        [1, pytest.approx(2 / 3), pytest.approx(0.6)],
        [1, 1, 0],
    ]
    area = sum((x - w) * (y + z) / 2 for (w, z, _), (x, y, _) in zip(report["roc"], report["roc"][1:], strict=False))
    assert report["patients"]["auc"]["value"] == pytest.approx(area)


def test_the_classifier_ranks_crops_of_both_labels(report: dict[str, Any], read_scores: Scores) -> None:
    for label in ("metastasis", "bladder"):
        said = [value for score in read_scores for value in score["crops"][label][0]]
        true = [value for score in read_scores for value in score["crops"][label][1]]
        figure = report["labels"][label]["auc"]
        assert figure["value"] == pytest.approx(roc_auc_score(true, said))
        assert figure["n"] == 6 * 7
    assert report["labels"]["bladder"]["auc"]["value"] == 1


def test_confidences_of_regions_are_held_against_what_they_are(report: dict[str, Any]) -> None:
    regions = report["calibration"]["regions"]
    # 4 regions at 0.9 that are lesions, 2 at 0.6 that are none
    assert regions["ece"]["value"] == pytest.approx((4 * 0.1 + 2 * 0.6) / 6)
    assert regions["brier"]["value"] == pytest.approx((4 * 0.01 + 2 * 0.36) / 6)
    assert regions["ece"]["n"] == 6
    assert regions["auc"]["value"] == 1
    assert [one["share"]["value"] for one in regions["bins"]] == [0, 1]


def test_pixels_that_are_background_beyond_doubt_do_not_hide_an_error(report: dict[str, Any]) -> None:
    pixels = report["calibration"]["pixels"]["metastasis"]
    # 320 pixels at 0.9, all lesion; 80 at 0.6, none
    assert pixels["ece"]["value"] == pytest.approx((320 * 0.1 + 80 * 0.6) / 400)
    assert pixels["ece"]["n"] == 400
    assert pixels["bins"][0]["share"]["n"] > 1_000_000
    assert pixels["bins"][0]["share"]["value"] < 0.001


def test_the_burden_of_each_study_is_compared(report: dict[str, Any], read_scores: Scores) -> None:
    bstbi = report["bstbi"]
    of_study: dict[str, list[list[float]]] = {}
    for score in read_scores:
        sides = of_study.setdefault(score["study"], [[], []])
        sides[0] += score["bstbi"]["model"]
        sides[1] += score["bstbi"]["reference"]
    differences = [np.mean(model) - np.mean(reference) for model, reference in of_study.values()]
    model = bstbi["agreement"][0]
    assert model["bias"]["value"] == pytest.approx(np.mean(differences))
    assert bstbi["mean_absolute_error"]["value"] == pytest.approx(np.mean(np.abs(differences)))
    assert model["bias"]["n"] == 4
    assert (bstbi["agreement"][3]["first"], bstbi["agreement"][3]["icc"]["value"]) == (ADA, pytest.approx(1))
    # four studies, so one in each group
    groups = {(one["group"], one["first"], one["second"]): one["bias"]["n"] for one in bstbi["by_burden"]}
    for group in ("no metastasis", "lowest third", "middle third", "highest third"):
        assert (
            groups[group, MODEL, "reference"]
            == groups[group, BO, "reference"]
            == groups[group, "reader", "reader"]
            == 1
        )
    # a: 220 pixels in the reference, 200 of the model; a pixel is 0.04 cm²
    assert [pytest.approx(200 * 0.04), pytest.approx(220 * 0.04)] in report["lesion_area_cm2"]["points"]


def test_every_projection_is_in_one_group_of_each_kind_of_slice(report: dict[str, Any]) -> None:
    kinds: dict[str, dict[str, int]] = {}
    for one in report["slices"]:
        kinds.setdefault(one["kind"], {})[one["group"]] = one["n"]["projections"]
    assert kinds == {
        "sex": {"F": 3, "M": 3},
        "primary": {"breast": 2, "lung": 2, "unknown": 2},
        "site": {"unknown": 6},
        "exposure": {"mixed": 6},
        "lesions": {"none": 1, "1-2": 5},
        "beside_bladder": {"no": 6},
    }


def test_a_slice_has_the_figures_of_its_cases_alone_and_the_readers_beside_the_model(
    report: dict[str, Any], read_scores: Scores
) -> None:
    women = next(one for one in report["slices"] if (one["kind"], one["group"]) == ("sex", "F"))
    alone = build_report([score for score in read_scores if score["slices"]["sex"] == "F"], "v1", "d")
    assert women["outlines"][0]["labels"]["metastasis"]["dice"] == alone["outlines"][0]["labels"]["metastasis"]["dice"]
    assert women["patients"] == alone["patients"]
    assert women["readers"] == alone["patients_by_reader"]
    assert [(one["first"], one["second"]) for one in women["outlines"]] == [
        ("model", "reference"),
        ("model", "readers"),
        ("readers", "reference"),
        ("readers", "readers"),
    ]


def test_the_time_of_a_study_is_that_of_both_its_projections(report: dict[str, Any]) -> None:
    assert report["time"]["seconds_per_study"] == {"value": 0.5, "low": 0.5, "high": 0.5, "n": 2}
    assert report["time"]["devices"] == ["CPU"]


def test_the_time_of_a_reader_is_counted_once_for_a_study(report: dict[str, Any]) -> None:
    readers = report["time"]["readers"]
    assert readers[ADA] == {"value": 60.0, "low": 60.0, "high": 60.0, "n": 4}
    assert readers[BO] == {"value": None, "low": None, "high": None, "n": 0}, "the source does not say"


def test_the_worst_case_comes_first(report: dict[str, Any]) -> None:
    worst = report["worst"]
    assert (worst[0]["study"], worst[0]["dice"], worst[0]["reference_pixels"]) == ("S-c", 0.0, 100)
    assert worst[0]["picture"]
    assert len(worst) == 6


def test_scores_without_readers_leave_their_figures_out(read_scores: Scores) -> None:
    for score in read_scores:
        score["readers"], score["between_readers"] = {}, []
    report = build_report(read_scores, "v1", "d")
    assert [(one["first"], one["second"]) for one in report["outlines"]] == [
        ("model", "reference"),
        ("reader", "reader"),
    ]
    assert report["outlines"][1]["labels"]["metastasis"]["dice"]["value"] is None
    assert report["bstbi"]["agreement"][-1]["icc"] == {"value": None, "low": None, "high": None, "n": 0}
