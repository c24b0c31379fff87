"""Disputes and what decisions make of them."""

import numpy as np
import pytest

from backend.adjudication.decide import resolve
from backend.adjudication.findings import findings
from backend.errors import InputError
from backend.records import AgreementRules

RULES = AgreementRules()
AGREED = (200, 100, 30, 30)
ALONE = (300, 50, 10, 10)
SMALL = (400, 50, 3, 3)


def answered(a, b, decisions, **options):
    """The reference that the decisions give."""
    return resolve(findings(a, b, RULES, **options), decisions, a.metastasis)


@pytest.fixture
def readings(drawn, box):
    """a holds a lesion of 100 pixels and one of 9 that b does not; a large one is common."""
    return drawn(box(*AGREED), box(*ALONE), box(*SMALL)), drawn(box(*AGREED))


def test_the_large_lesion_of_one_reading_is_the_only_dispute(readings, drawn, box):
    (dispute,) = findings(*readings, RULES).disputes
    assert (dispute.identifier, dispute.label, dispute.kind, dispute.b) == (1, "metastasis", "only_a", None)
    assert (dispute.at, dispute.a.mask.shape, dispute.a.mask.all()) == (ALONE[:2], ALONE[2:], True)


OUTCOMES = {"a": "lesion", "b": "background", "none": "background", "consensus": "ignored"}


@pytest.mark.parametrize(("choice", "outcome"), OUTCOMES.items())
def test_a_decision_makes_it(choice, outcome, readings, drawn, box):
    result = answered(*readings, {1: choice})
    place = drawn(box(*ALONE)).metastasis
    assert result.metastasis[place].all() == (outcome == "lesion")
    assert result.ignored[place].all() == (outcome == "ignored")


def test_undisputed_lesions_follow_the_rule(readings, drawn, box):
    result = answered(*readings, {1: "none"})
    assert np.array_equal(result.metastasis, drawn(box(*AGREED)).metastasis)
    assert np.array_equal(result.ignored, drawn(box(*SMALL)).metastasis)


def test_all_kinds_of_dispute_are_numbered_from_top_to_bottom(drawn, box):
    a = drawn(box(500, 50, 10, 10), box(100, 50, 10, 10), box(700, 100, 30, 30, "bladder"))
    b = drawn(box(505, 50, 10, 10), box(300, 50, 10, 10))
    assert [(one.identifier, one.kind) for one in findings(a, b, RULES).disputes] == [
        (1, "only_a"),
        (2, "only_b"),
        (3, "shape"),
        (4, "bladder"),
    ]


def test_a_differing_call_of_the_patient_makes_small_lesions_disputes(drawn, box):
    a, b = drawn(box(*SMALL)), drawn()
    asked = findings(a, b, RULES, patient_call_differs=True).disputes
    assert [one.kind for one in asked] == ["only_a"]
    assert answered(a, b, {1: "a"}, patient_call_differs=True).metastasis.sum() == 9


def test_choosing_one_reading_throughout_gives_that_reading(drawn, box):
    a = drawn(box(500, 50, 10, 10), box(100, 50, 10, 10), box(700, 100, 30, 30, "bladder"))
    b = drawn(box(505, 50, 10, 10), box(300, 50, 10, 10))
    for choice, reading in (("a", a), ("b", b)):
        result = answered(a, b, dict.fromkeys(range(1, 5), choice))
        assert np.array_equal(result.metastasis, reading.metastasis)
        assert np.array_equal(result.bladder, reading.bladder)
        assert not result.ignored.any()


BAD = {
    "none for a dispute": ({}, "dispute 1 has no decision"),
    "one for no dispute": ({1: "a", 7: "b"}, "dispute 7 does not exist"),
    "an unknown choice": ({1: "both"}, r"decisions\[1\]: 'both' is not one of a, b, none, consensus"),
}


@pytest.mark.parametrize(("decisions", "message"), BAD.values(), ids=BAD.keys())
def test_bad_decisions_are_refused_by_name(decisions, message, readings):
    with pytest.raises(InputError, match=message):
        answered(*readings, decisions)
