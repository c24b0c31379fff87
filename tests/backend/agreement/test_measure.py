"""The document of two readings of one projection."""

import json

import numpy as np
import pytest

from backend.agreement.edits import edits
from backend.agreement.measure import measure, measure_against, reasons
from backend.measures.burden import bstbi
from backend.records import AgreementRules, LabelMasks

RULES = AgreementRules()
LESION, BLADDER = (100, 100, 10, 10), (600, 110, 20, 30, "bladder")


def test_two_equal_readings(drawn, box):
    reading = drawn(box(*LESION), box(*BLADDER))
    found = measure(reading, reading, RULES, 2.4)
    assert found["labels"]["metastasis"] == {
        "dice": 1,
        "hd95_mm": 0,
        "mean_surface_distance_mm": 0,
        "pixels": [100, 100, 100],
        "border_pixels": 72,
    }
    assert found["lesions"] == {"matched": 1, "only": [0, 0], "split": 0, "merged": 0, "inside": 0}
    assert found["reasons"] == {"alike": [], "differing": []}
    assert found["patient_call"] == [True, True]


def test_distances_are_in_millimetres_of_the_grid_and_undefined_without_a_pixel_size(drawn, box):
    a, b = drawn(box(*LESION)), drawn(box(100, 103, 10, 10))
    assert measure(a, b, RULES, 2.4)["labels"]["metastasis"]["hd95_mm"] == pytest.approx(3 * 2.4)
    assert measure(a, b, RULES, None)["labels"]["metastasis"]["hd95_mm"] is None
    assert measure(a, drawn(), RULES, 2.4)["labels"]["metastasis"]["mean_surface_distance_mm"] is None


KINDS = {
    "split": ([(100, 100, 10, 30)], [(100, 100, 10, 14), (100, 116, 10, 14)], {"matched": 1, "split": 1}),
    "merged": ([(100, 100, 10, 14), (100, 116, 10, 14)], [(100, 100, 10, 30)], {"matched": 1, "merged": 1}),
    "one alone": ([LESION], [LESION, (300, 100, 4, 4)], {"matched": 1, "only": [0, 1]}),
}


@pytest.mark.parametrize(("a", "b", "expected"), KINDS.values(), ids=KINDS.keys())
def test_lesions_are_counted_by_how_they_relate(a, b, expected, drawn, box):
    found = measure(drawn(*(box(*one) for one in a)), drawn(*(box(*one) for one in b)), RULES, None)["lesions"]
    assert {key: found[key] for key in expected} == expected


def test_a_lesion_that_the_other_reader_calls_bladder_is_a_swapped_label(drawn, box):
    found = measure(drawn(box(*LESION)), drawn(box(*LESION, "bladder")), RULES, None)
    assert (found["label_swapped"], found["lesions"]["only"]) == (1, [1, 0])


def test_reasons_are_kept_for_either_call_of_the_patient(drawn, box):
    found = measure(drawn(box(*LESION), box(300, 100, 4, 4)), drawn(box(*LESION)), RULES, None)
    assert reasons(found, calls_differ=False) == ()
    assert reasons(found, calls_differ=True) == ("one reader found lesions in the study and the other none",)
    low = measure(drawn(box(*LESION)), drawn(box(100, 105, 10, 10)), RULES, None)
    [words] = reasons(low, calls_differ=False)
    assert words == "the lesion Dice is 0.50, below 0.7"
    assert words.template == "the lesion Dice is {dice:.2f}, below {floor:g}"


def test_the_burden_index_of_either_reading_is_summed_over_the_sub_images(drawn, box):
    a, b = drawn(box(*LESION)), drawn(box(*BLADDER))
    pictures = {
        window: np.random.default_rng(seed).integers(0, 255, (1024, 256)).astype(np.uint8)
        for seed, window in enumerate(("low", "high"))
    }
    found = measure(a, b, RULES, None, pictures)
    assert found["bstbi_a"] == pytest.approx(sum(bstbi(one, a.metastasis, a.bladder) for one in pictures.values()))
    assert (found["bstbi_b"], found["sub_images"]) == (0, 2)
    nothing_hot = {"low": np.full((1024, 256), 255, np.uint8)}
    assert measure(a, b, RULES, None, nothing_hot)["sub_images"] == 0
    assert measure(a, b, RULES, None)["bstbi_a"] is None


def test_the_document_is_plain_json(drawn, box):
    pictures = {"low": np.zeros((1024, 256), np.uint8)}
    found = measure(drawn(box(*LESION)), drawn(box(*BLADDER)), RULES, 2.4, pictures)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_other_way_round_only_the_sides_change(drawn, box):
    a = drawn(box(*LESION), box(300, 50, 6, 5), box(*BLADDER))
    b = drawn(box(102, 101, 10, 10), box(604, 112, 20, 30, "bladder"))
    there, back = measure(a, b, RULES, 2.4), measure(b, a, RULES, 2.4)
    assert there["lesions"]["only"] == back["lesions"]["only"][::-1]
    assert there["reasons"] == back["reasons"]
    for label in ("metastasis", "bladder"):
        for key in ("dice", "hd95_mm", "mean_surface_distance_mm"):
            assert there["labels"][label][key] == pytest.approx(back["labels"][label][key])


def reference(drawn, regions, ignored=()):
    masks = drawn(*regions)
    return LabelMasks(masks.metastasis, masks.bladder, drawn(*ignored).metastasis)


def test_missed_and_over_called_lesions_are_counted_against_the_reference(drawn, box):
    truth = reference(drawn, [box(*LESION), box(300, 100, 5, 5)])
    found = measure_against(drawn(box(*LESION), box(500, 100, 5, 5)), truth, RULES, 2.4)
    assert found["lesions"] == {"matched": 1, "missed": 1, "over_called": 1}
    assert found["patient_call"] == [True, True]


IGNORED = {"all of it": ((300, 100, 4, 4), 0), "half of it": ((300, 100, 2, 4), 1), "next to it": ((310, 100, 4, 4), 1)}


@pytest.mark.parametrize(("ignored", "over_called"), IGNORED.values(), ids=IGNORED.keys())
def test_a_lesion_mostly_in_ignored_pixels_is_no_over_call(ignored, over_called, drawn, box):
    truth = reference(drawn, [], [box(*ignored)])
    found = measure_against(drawn(box(300, 100, 4, 4)), truth, RULES, None)
    assert found["lesions"]["over_called"] == over_called
    assert found["patient_call"] == [bool(over_called), False]


def test_ignored_pixels_count_in_no_dice(drawn, box):
    truth = reference(drawn, [box(*LESION)], [box(100, 110, 10, 5)])
    assert measure_against(drawn(box(100, 100, 10, 15)), truth, RULES, None)["labels"]["metastasis"]["dice"] == 1


SHOWN = [LESION, (300, 100, 6, 6), (500, 100, 6, 6)]
EDITS = {
    "left as it was": (SHOWN, {"kept": 3}),
    "one reshaped": ([LESION, (300, 100, 6, 7), SHOWN[2]], {"kept": 2, "reshaped": 1}),
    "one deleted": (SHOWN[:2], {"kept": 2, "deleted": 1}),
    "one added": ([*SHOWN, (700, 100, 5, 5)], {"kept": 3, "added": 1}),
    "one called bladder": ([LESION, SHOWN[1], (*SHOWN[2], "bladder")], {"kept": 2, "relabelled": 1}),
    "all deleted, others drawn": ([(700, 100, 5, 5)], {"deleted": 3, "added": 1}),
    "nothing left": ([], {"deleted": 3}),
}


@pytest.mark.parametrize(("read", "expected"), EDITS.values(), ids=EDITS.keys())
def test_edits_to_a_suggestion(read, expected, box):
    zeros = dict.fromkeys(("kept", "reshaped", "relabelled", "deleted", "added"), 0)
    found = edits([box(*one) for one in SHOWN], [box(*one) for one in read], 0.1)
    assert found == {"shown": 3} | zeros | expected


def test_drawing_from_an_empty_suggestion_is_adding(box):
    assert edits([], [box(*LESION)], 0.1)["added"] == 1
    assert sum(edits([], [], 0.1).values()) == 0
