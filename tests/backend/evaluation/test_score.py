import json
from collections.abc import Callable

import numpy as np
import pytest

from backend.evaluation.score import Case, score_prediction
from backend.model.calibration import RegionLine
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
    (pair,) = score["between_readers"]
    assert (pair["readers"], pair["exposures"]) == (["r1", "r2"], ["assisted", "blind"])
    assert pair["counts"] == {"metastasis": [0, 100, 0], "bladder": [50, 100, 50]}
    assert pair["measures"]["lesions"] == {"matched": [], "only": [[100], []]}
    assert score["readers"]["r1"]["burden"] == [100, 1]
    assert len(score["readers"]["r1"]["bstbi"]) == 2


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


def test_borders_and_lesions_are_measured(make_case: MakeCase, predicted: Predicted, rows: Rows) -> None:
    score = score_prediction(
        make_case("a", rows(100, 110) | rows(300, 302)), predicted(rows(100, 112) | rows(400, 403))
    )
    assert score["measures"]["lesions"] == {"matched": [[120, 100]], "only": [[30], [20]]}
    assert score["measures"]["surface"]["bladder"] == {"hd95_px": 0.0, "near": 72, "border": 72}
    assert score["measures"]["surface"]["metastasis"]["hd95_px"] > 100
    assert score["burden"] == {"model": [150, 2], "reference": [120, 2]}


def test_candidates_are_the_outlined_regions_and_weaker_ones_apart(make_case: MakeCase, rows: Rows) -> None:
    probability = np.zeros(GRID_SHAPE, np.float32)
    probability[rows(98, 112)] = 0.3  # the halo of an outlined lesion is no candidate of its own
    probability[rows(100, 110)] = 0.8
    probability[rows(200, 210)] = 0.75  # outlined, not a lesion
    probability[rows(300, 310)] = 0.2  # below the threshold, a lesion
    probability[rows(400, 410)] = 0.15  # below the threshold, not a lesion
    probability[500, 0:3] = 0.4  # too small
    probability[rows(600, 610)] = 0.4  # bladder
    masks = LabelMasks(rows(100, 110) | rows(200, 210), rows(600, 610))
    said = Prediction("v1", masks, (), {"metastasis": probability, "bladder": probability}, {"metastasis": 1.0})
    score = score_prediction(make_case("a", rows(100, 110) | rows(300, 310)), said)
    assert score["regions"]["outlined"] == [[100, pytest.approx(0.8), 1], [100, pytest.approx(0.75), 0]]
    assert score["regions"]["further"] == [[100, pytest.approx(0.2), 1], [100, pytest.approx(0.15), 0]]


def test_a_region_mostly_in_ignored_pixels_is_no_candidate(
    make_case: MakeCase, predicted: Predicted, rows: Rows
) -> None:
    reference = LabelMasks(rows(100, 110), rows(600, 610), ignored=rows(200, 208))
    case = make_case("a", rows(100, 110), reference=reference)
    score = score_prediction(case, predicted(rows(100, 110) | rows(200, 210)))
    assert [row[0] for row in score["regions"]["outlined"]] == [100]
    assert score["measures"]["lesions"]["only"] == [[], []]


def test_pixels_are_counted_by_their_probability_without_the_ignored(make_case: MakeCase, rows: Rows) -> None:
    probability = np.zeros(GRID_SHAPE, np.float32)
    probability[rows(100, 110)] = 0.75
    probability[rows(200, 210)] = 0.95
    reference = LabelMasks(rows(100, 105), rows(600, 610), ignored=rows(200, 210))
    blank = np.zeros_like(probability)
    said = Prediction(
        "v1",
        LabelMasks(rows(0, 0), rows(600, 610)),
        (),
        {"metastasis": probability, "bladder": blank},
        {"metastasis": 1.0},
    )
    bins = score_prediction(make_case("a", rows(100, 105), reference=reference), said)["calibration"]["metastasis"]
    held = {index: row for index, row in enumerate(bins) if row[0]}
    assert held[8] == pytest.approx([100, 75, 50, 50 * 0.25**2 + 50 * 0.75**2])
    assert held[0] == [np.prod(GRID_SHAPE) - 200, 0, 0, 0]
    assert len(held) == 2


def test_crops_are_true_where_the_reference_holds_the_label(make_case: MakeCase, rows: Rows) -> None:
    by_crop = {"metastasis": (0.9, 0.8, 0.1, 0.0, 0.0, 0.0, 0.3), "bladder": (0.0,) * 7}
    blank = {"metastasis": np.zeros(GRID_SHAPE, np.float32), "bladder": np.zeros(GRID_SHAPE, np.float32)}
    reference = LabelMasks(rows(130, 140), rows(600, 610), ignored=rows(1000, 1001))
    said = Prediction("v1", LabelMasks(rows(0, 0), rows(0, 0)), (), blank, {"metastasis": 0.9}, by_crop)
    crops = score_prediction(make_case("a", rows(130, 140), reference=reference), said)["crops"]
    assert crops["metastasis"] == [[0.9, 0.8, 0.1, 0.0, 0.0, 0.0], [1, 1, 0, 0, 0, 0]], "the last has ignored pixels"
    assert crops["bladder"][1] == [0, 0, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("age", "group"), [(49.9, "<50"), (50, "50-69"), (69.5, "50-69"), (70, ">=70"), (None, "unknown")]
)
def test_every_projection_is_in_one_group_of_each_kind(
    make_case: MakeCase, predicted: Predicted, rows: Rows, age: float | None, group: str
) -> None:
    names = {"sex": "F", "primary": " lung ", "site": ""}
    case = make_case("a", rows(585, 592), age=age, names=names, made_from=("blind", "assisted"))
    assert score_prediction(case, predicted(rows(0, 0)))["slices"] == {
        "age": group,
        "sex": "F",
        "primary": "lung",
        "site": "unknown",
        "exposure": "mixed",
        "lesions": "1-2",
        "beside_bladder": "yes",
    }


@pytest.mark.parametrize(
    ("lesion", "beside"), [((585, 591), "yes"), ((585, 590), "no"), ((619, 630), "yes"), ((620, 630), "no")]
)
def test_beside_the_bladder_means_within_ten_pixels(
    make_case: MakeCase, predicted: Predicted, rows: Rows, lesion: tuple[int, int], beside: str
) -> None:
    score = score_prediction(make_case("a", rows(*lesion)), predicted(rows(0, 0)))
    assert score["slices"]["beside_bladder"] == beside


def test_a_projection_without_lesions_or_bladder_is_beside_nothing(
    make_case: MakeCase, predicted: Predicted, rows: Rows
) -> None:
    bare = make_case("a", rows(0, 0), reference=LabelMasks(rows(0, 0), rows(0, 0)), made_from=("blind", "blind"))
    named = score_prediction(bare, predicted(rows(0, 0)))["slices"]
    assert (named["lesions"], named["beside_bladder"], named["exposure"]) == ("none", "no", "blind")


def test_the_confidence_of_a_region_is_the_models_from_its_mean_probability_and_its_size(
    make_case: MakeCase, rows: Rows
) -> None:
    probability = np.zeros(GRID_SHAPE, np.float32)
    probability[rows(100, 110)], probability[rows(300, 302)] = 0.9, 0.6
    masks = LabelMasks(rows(100, 110) | rows(300, 302), rows(600, 610))
    said = Prediction("v1", masks, (), {"metastasis": probability, "bladder": probability}, {"metastasis": 1.0})
    sure = RegionLine(mean=2.0, size=0.5, intercept=-1.0)
    regions = score_prediction(make_case("a", rows(100, 110)), said, sure.confidence)["regions"]["outlined"]
    assert regions == [
        [100, pytest.approx(sure.confidence(0.9, 100), abs=1e-6), 1],
        [20, pytest.approx(sure.confidence(0.6, 20), abs=1e-6), 0],
    ]
    assert regions[0][1] != pytest.approx(0.9, abs=0.01)
