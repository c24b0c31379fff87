"""Two readings of one projection: figures and the call for a physician."""

import pytest

from backend.agreement.compare import compare, needs_adjudication
from backend.records import AgreementRules

RULES = AgreementRules(dice_floor=0.7, unmatched_lesion_pixels=30, bladder_dice_floor=0.5, bladder_pixels=100)


def test_two_empty_readings_agree_and_their_dice_is_undefined(drawn):
    pair = compare(drawn(), drawn(), RULES)
    assert pair.dice == {"metastasis": None, "bladder": None}
    assert (pair.matched, pair.only) == (0, (0, 0))
    assert needs_adjudication(pair, RULES) == ()


def test_equal_readings_agree_fully(drawn, box):
    reading = drawn(box(100, 100, 10, 10), box(600, 110, 20, 30, "bladder"))
    pair = compare(reading, reading, RULES)
    assert pair.dice == {"metastasis": 1.0, "bladder": 1.0}
    assert (pair.matched, pair.only) == (1, (0, 0))
    assert needs_adjudication(pair, RULES) == ()


def test_lesions_are_counted_as_matched_or_drawn_by_one_alone(drawn, box):
    a = drawn(box(100, 100, 10, 10), box(300, 100, 2, 2))
    b = drawn(box(102, 100, 10, 10), box(400, 100, 2, 2), box(410, 100, 2, 2))
    pair = compare(a, b, RULES)
    assert (pair.matched, pair.only) == (1, (1, 2))


BIG, SMALL = (200, 100, 30, 30), (100, 100, 5, 5)
CASES = {
    "a large lesion of one reader": ([BIG, (300, 50, 6, 5)], [BIG], "one reader alone drew: 1"),
    "a small lesion of one reader beside a large agreed one": ([BIG, SMALL], [BIG], None),
    "a low lesion Dice": ([SMALL], [(103, 100, 5, 5)], "lesion Dice is 0.40"),
    "a lesion of one reader and none of the other": ([SMALL], [], "lesion Dice is 0.00"),
}


@pytest.mark.parametrize(("a", "b", "expected"), CASES.values(), ids=CASES.keys())
def test_a_physician_is_called_for(a, b, expected, drawn, box):
    pair = compare(drawn(*(box(*one) for one in a)), drawn(*(box(*one) for one in b)), RULES)
    reasons = needs_adjudication(pair, RULES)
    assert (expected in " ".join(reasons)) if expected else reasons == ()


def test_a_differing_call_of_the_patient_is_named(drawn, box):
    pair = compare(drawn(box(*SMALL)), drawn(), RULES, patient_call_differs=True)
    assert needs_adjudication(pair, RULES)[0] == "one reader found lesions in the study and the other none"


BLADDERS = {
    "the same within a few pixels": ((600, 110, 20, 30), (601, 110, 20, 30), False),
    "a few pixels of urine that one reader marks": ((600, 110, 6, 6), None, False),
    "a whole bladder that one reader marks": ((600, 110, 20, 30), None, True),
    "two small places": ((600, 110, 6, 6), (640, 110, 6, 6), False),
}


@pytest.mark.parametrize(("a", "b", "contested"), BLADDERS.values(), ids=BLADDERS.keys())
def test_only_a_large_difference_of_the_bladder_calls_a_physician(a, b, contested, drawn, box):
    masks = [drawn(*([box(*one, "bladder")] if one else [])) for one in (a, b)]
    assert bool(needs_adjudication(compare(*masks, RULES), RULES)) is contested


def test_a_pair_never_needs_a_physician_without_something_to_decide(drawn, box):
    a = drawn(box(100, 100, 10, 10), *(box(300 + 10 * n, 100, 4, 4) for n in range(20)))
    pair = compare(a, drawn(box(100, 100, 10, 10)), RULES)
    assert needs_adjudication(pair, RULES)
    assert len(pair.disagreement.only_a) == 20
    assert pair.disagreement.shapes == ()
