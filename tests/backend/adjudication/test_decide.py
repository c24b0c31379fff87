"""Disputes and what decisions make of them."""

import numpy as np
import pytest

from backend.adjudication.decide import CHOICES, disputes, resolve
from backend.errors import InputError
from backend.records import AgreementRules

RULES = AgreementRules()
AGREED = (200, 100, 30, 30)
ALONE = (300, 50, 10, 10)
SMALL = (400, 50, 3, 3)


@pytest.fixture
def readings(drawn, box):
    """a holds a lesion of 100 pixels and one of 9 that b does not; a large one is common."""
    return drawn(box(*AGREED), box(*ALONE), box(*SMALL)), drawn(box(*AGREED))


def test_the_large_lesion_of_one_reading_is_the_only_dispute(readings, drawn, box):
    (dispute,) = disputes(*readings, RULES)
    assert (dispute.identifier, dispute.label, dispute.kind, dispute.b) == (1, "metastasis", "only_a", None)
    assert np.array_equal(dispute.a, drawn(box(*ALONE)).metastasis)


OUTCOMES = {"a": "lesion", "b": "background", "neither": "background", "consensus": "ignored"}


@pytest.mark.parametrize(("choice", "outcome"), OUTCOMES.items())
def test_a_decision_makes_it(choice, outcome, readings, drawn, box):
    result = resolve(*readings, {1: choice}, RULES)
    place = drawn(box(*ALONE)).metastasis
    assert result.metastasis[place].all() == (outcome == "lesion")
    assert result.ignored[place].all() == (outcome == "ignored")


def test_undisputed_lesions_follow_the_rule(readings, drawn, box):
    result = resolve(*readings, {1: "neither"}, RULES)
    assert np.array_equal(result.metastasis, drawn(box(*AGREED)).metastasis)
    assert np.array_equal(result.ignored, drawn(box(*SMALL)).metastasis)


def test_all_kinds_of_dispute_are_numbered_from_top_to_bottom(drawn, box):
    a = drawn(box(500, 50, 10, 10), box(100, 50, 10, 10), box(700, 100, 30, 30, "bladder"))
    b = drawn(box(505, 50, 10, 10), box(300, 50, 10, 10))
    assert [(one.identifier, one.kind) for one in disputes(a, b, RULES)] == [
        (1, "only_a"),
        (2, "only_b"),
        (3, "shape"),
        (4, "bladder"),
    ]


def test_a_differing_call_of_the_patient_makes_small_lesions_disputes(drawn, box):
    a, b = drawn(box(*SMALL)), drawn()
    asked = disputes(a, b, RULES, patient_call_differs=True)
    assert [one.kind for one in asked] == ["only_a"]
    assert resolve(a, b, {1: "a"}, RULES, patient_call_differs=True).metastasis.sum() == 9


def test_choosing_one_reading_throughout_gives_that_reading(drawn, box):
    a = drawn(box(500, 50, 10, 10), box(100, 50, 10, 10), box(700, 100, 30, 30, "bladder"))
    b = drawn(box(505, 50, 10, 10), box(300, 50, 10, 10))
    for choice, reading in (("a", a), ("b", b)):
        result = resolve(a, b, dict.fromkeys(range(1, 5), choice), RULES)
        assert np.array_equal(result.metastasis, reading.metastasis)
        assert np.array_equal(result.bladder, reading.bladder)
        assert not result.ignored.any()


BAD = {
    "none for a dispute": ({}, "dispute 1 has no decision"),
    "one for no dispute": ({1: "a", 7: "b"}, "dispute 7 does not exist"),
    "an unknown choice": ({1: "both"}, r"decisions\[1\]: 'both' is not one of " + ", ".join(CHOICES)),
}


@pytest.mark.parametrize(("decisions", "message"), BAD.values(), ids=BAD.keys())
def test_bad_decisions_are_refused_by_name(decisions, message, readings):
    with pytest.raises(InputError, match=message):
        resolve(*readings, decisions, RULES)
