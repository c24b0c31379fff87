"""References in the store: settled, decided, excluded, and never twice."""

import numpy as np
import pytest
from sqlalchemy import select

from backend.adjudication.references import exclude, open_case, record_decisions, settle
from backend.errors import InputError, NotFound, WrongState
from backend.store.blobs import blobs_of
from backend.store.masks import load_mask
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import AuditEntry, Reference


@pytest.fixture
def agreeing(add_study, add_reading, two, box):
    anterior, _ = add_study("P1").values()
    for reader in two:
        add_reading(reader, anterior, box(100, 100, 9, 9), box(600, 100, 20, 30, "bladder"))
    return anterior


@pytest.fixture
def disputed(add_study, add_reading, two, box):
    anterior, _ = add_study("P2").values()
    add_reading(two[0], anterior, box(100, 100, 9, 9))
    add_reading(two[1], anterior)
    return anterior


def references(settings, image):
    with open_session(settings) as session:
        return list(session.scalars(select(Reference).where(Reference.image_id == image).order_by(Reference.id)))


def test_agreeing_readings_become_a_reference_once(settings, agreeing):
    assert settle(settings, agreeing) == "agreed"
    assert settle(settings, agreeing) == "agreed"
    (row,) = references(settings, agreeing)
    blobs = blobs_of(settings)
    assert load_mask(blobs, row.metastasis_sha256).sum() == 81
    assert load_mask(blobs, row.bladder_sha256).sum() == 600
    assert not load_mask(blobs, row.ignored_sha256).any()
    with open_session(settings) as session:
        assert [entry.action for entry in session.scalars(select(AuditEntry))] == ["reference agreed"]


def test_one_reading_makes_nothing(settings, add_study, add_reading, two):
    anterior, _ = add_study("P1").values()
    add_reading(two[0], anterior)
    assert settle(settings, anterior) == "waiting"
    assert references(settings, anterior) == []


def test_a_dispute_waits_for_a_physician(settings, disputed):
    assert settle(settings, disputed) == "adjudicate"
    assert references(settings, disputed) == []


def test_decisions_make_a_reference_once(settings, disputed):
    first = record_decisions(settings, disputed, {1: "a"}, "physician")
    assert record_decisions(settings, disputed, {1: "a"}, "physician") == first
    (row,) = references(settings, disputed)
    assert (row.status, row.decided_by) == ("adjudicated", "physician")
    assert row.decisions == [{"dispute": 1, "kind": "only_a", "choice": "a"}]
    assert settle(settings, disputed) == "adjudicated"


def test_another_decision_on_the_same_readings_is_a_new_reference(settings, disputed):
    record_decisions(settings, disputed, {1: "a"}, "physician")
    record_decisions(settings, disputed, {1: "none"}, "physician")
    record_decisions(settings, disputed, {1: "a"}, "physician")
    assert len(references(settings, disputed)) == 3


def test_a_revised_reading_brings_a_new_reference(settings, add_reading, two, agreeing, box):
    settle(settings, agreeing)
    add_reading(two[0], agreeing, box(101, 100, 9, 9), box(600, 100, 20, 30, "bladder"))
    assert settle(settings, agreeing) == "agreed"
    assert len(references(settings, agreeing)) == 2


def test_a_reference_counts_no_more_once_its_reading_was_revised(settings, add_reading, two, agreeing):
    settle(settings, agreeing)
    add_reading(two[0], agreeing)
    assert settle(settings, agreeing) == "adjudicate"
    with open_session(settings) as session:
        assert current_reference(session, agreeing) is None


def test_both_readers_may_exclude(settings, add_study, add_reading, two):
    anterior, _ = add_study("P1").values()
    add_reading(two[0], anterior, exclusion="unreadable")
    add_reading(two[1], anterior, exclusion="primary bone tumour")
    assert settle(settings, anterior) == "excluded"
    (row,) = references(settings, anterior)
    assert (row.reason, row.metastasis_sha256) == ("primary bone tumour, unreadable", None)


HALF = {"a": ("excluded", "unreadable"), "b": ("adjudicated", None), "none": ("excluded", "cannot be settled")}


@pytest.mark.parametrize(("choice", "expected"), HALF.items())
def test_a_physician_decides_whether_an_image_can_be_read(choice, expected, settings, add_study, add_reading, two, box):
    anterior, _ = add_study("P1").values()
    add_reading(two[0], anterior, exclusion="unreadable")
    add_reading(two[1], anterior, box(100, 100, 9, 9))
    assert settle(settings, anterior) == "adjudicate"
    (dispute,) = open_case(settings, anterior).disputes
    assert dispute.kind == "exclusion"
    record_decisions(settings, anterior, {1: choice}, "physician")
    (row,) = references(settings, anterior)
    assert (row.status, row.reason) == expected


def test_a_physician_may_exclude_with_a_reason(settings, agreeing):
    settle(settings, agreeing)
    first = exclude(settings, agreeing, "physician", "primary bone tumour")
    assert exclude(settings, agreeing, "physician", "primary bone tumour") == first
    assert settle(settings, agreeing) == "excluded"


def test_the_same_readings_give_the_same_bytes_in_another_home(settings, agreeing):
    case = open_case(settings, agreeing)
    assert np.array_equal(case.a.masks.metastasis, case.b.masks.metastasis)
    settle(settings, agreeing)
    (row,) = references(settings, agreeing)
    assert row.metastasis_sha256 == blobs_of(settings).put(blobs_of(settings).get(row.metastasis_sha256))


REFUSED = {
    "deciding what agrees": (
        lambda s, image: record_decisions(s, image, {1: "a"}, "p"),
        WrongState,
        "needs no decision",
    ),
    "excluding without a reason": (lambda s, image: exclude(s, image, "p", " "), InputError, "reason"),
    "an unknown image": (lambda s, image: settle(s, 999), NotFound, "999"),
    "excluding an unknown image": (lambda s, image: exclude(s, 999, "p", "x"), NotFound, "999"),
}


@pytest.mark.parametrize(("step", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(step, error, message, settings, agreeing):
    with pytest.raises(error, match=message):
        step(settings, agreeing)
    assert references(settings, agreeing) == []


def test_a_decision_before_both_have_read_is_refused(settings, add_study, add_reading, two):
    anterior, _ = add_study("P1").values()
    add_reading(two[0], anterior)
    with pytest.raises(WrongState, match="1 of 2 readings"):
        record_decisions(settings, anterior, {}, "physician")
