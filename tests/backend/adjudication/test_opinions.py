"""A second opinion: apart until both have sealed, then one reference or the first physician's last word."""

import pytest
from sqlalchemy import select

from backend.errors import InHand, NotFound, Refused, Revised, WrongState
from backend.jobs.steps import adjudicate, agree
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import Adjudication, AuditEntry


@pytest.fixture
def anterior(settings, two, add_study, add_reading, box):
    """Two lesions that the first reader alone drew, and one that both drew apart from each other."""
    image = add_study("P1", projections=("anterior",))["anterior"]
    add_reading(two[0], image, box(100, 100, 9, 9), box(200, 50, 20, 20), box(300, 100, 20, 20))
    add_reading(two[1], image, box(312, 100, 20, 20))
    agree.settle(settings)
    return image


@pytest.fixture
def both(settings, anterior, physician, colleague):
    """Both physicians at work, the colleague for a second opinion."""
    adjudicate.open_case_for(settings, "P1", physician)
    adjudicate.ask_second_opinion(settings, "P1", physician, colleague)
    return physician, colleague


def answer(settings, account, *choices):
    """Decides the disputes in their order; `keep` is the side that drew something."""
    document = adjudicate.open_case_for(settings, "P1", account)
    revision = document["revision"]
    for dispute, choice in zip(document["projections"][0]["disputes"], choices, strict=True):
        if choice is None:
            continue
        chosen = ("first" if dispute["first"] else "second") if choice == "keep" else choice
        reason = "other" if chosen in dispute["needs_reason"] else None
        step = {"revision": revision, "action": "decide", "dispute": dispute["key"], "choice": chosen, "reason": reason}
        revision = adjudicate.act(settings, "P1", account, step)["revision"]
    return revision


def finish(settings, account, *choices):
    revision = answer(settings, account, *choices)
    return adjudicate.finish(settings, "P1", account, revision)["state"]


def reference(settings, image):
    with open_session(settings) as session:
        return current_reference(session, image)


def states(settings):
    with open_session(settings) as session:
        return [(row.kind, row.state) for row in session.scalars(select(Adjudication).order_by(Adjudication.id))]


ORDERS = {"the first physician finishes first": (0, 1), "the second finishes first": (1, 0)}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_two_who_decide_alike_seal_the_reference(order, settings, both, anterior):
    early, late = both[order[0]], both[order[1]]
    assert finish(settings, early, "keep", "none", "union") == "waiting"
    assert reference(settings, anterior) is None
    assert finish(settings, late, "keep", "none", "union") == "sealed"
    assert reference(settings, anterior).decided_by == "physician@example.org"
    assert states(settings) == [("first", "sealed"), ("second", "sealed")]
    with open_session(settings) as session:
        sealed = session.scalars(select(AuditEntry.who).where(AuditEntry.action == "case sealed")).all()
    assert sorted(sealed) == ["colleague@example.org", "physician@example.org"]


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_where_they_differ_the_first_physician_has_the_last_word_and_sees_both(order, settings, both, anterior):
    said = {both[0]: ("keep", "none", "union"), both[1]: ("keep", "keep", "midway")}
    early, late = both[order[0]], both[order[1]]
    assert finish(settings, early, *said[early]) == "waiting"
    assert finish(settings, late, *said[late]) == "joint"
    assert reference(settings, anterior) is None
    document = adjudicate.open_case_for(settings, "P1", both[0])
    first, second, third = document["projections"][0]["disputes"]
    assert (document["kind"], document["undecided"]) == ("joint", 2)
    assert first["decision"] is not None
    assert second["joint"]["first_physician"] == "none"
    assert second["joint"]["second_physician"] in ("first", "second")
    assert (third["joint"]["first_physician"], third["joint"]["second_physician"]) == ("union", "midway")
    assert finish(settings, both[0], None, "keep", "union") == "sealed"
    assert reference(settings, anterior).decided_by == "physician@example.org"
    assert states(settings) == [("first", "sealed"), ("second", "sealed"), ("joint", "sealed")]


def test_different_words_for_the_same_pixels_are_alike(settings, both):
    """Of a lesion that one reading alone holds, the other reading's silence is the same as none."""
    document = adjudicate.open_case_for(settings, "P1", both[0])
    silent = "second" if document["projections"][0]["disputes"][0]["first"] else "first"
    assert finish(settings, both[0], silent, "keep", "union") == "waiting"
    assert finish(settings, both[1], "none", "keep", "union") == "sealed"


def test_neither_sees_what_the_other_decides(settings, both):
    answer(settings, both[0], "keep", "none", "union")
    document = adjudicate.open_case_for(settings, "P1", both[1])
    assert (document["kind"], document["undecided"], document["revision"]) == ("second", 3, 0)
    assert document["second_opinion"] is None
    assert "physician@example.org" not in str(document)
    finish(settings, both[1], "keep", "keep", "midway")
    mine = adjudicate.open_case_for(settings, "P1", both[0])
    assert mine["second_opinion"] == {"state": "sealed", "of": "colleague@example.org"}
    assert "midway" not in str([one["decision"] for one in mine["projections"][0]["disputes"]])


def test_decisions_that_wait_are_not_changed(settings, both):
    finish(settings, both[0], "keep", "none", "union")
    assert adjudicate.open_case_for(settings, "P1", both[0])["state"] == "waiting"
    with pytest.raises(WrongState, match="wait for the second opinion"):
        adjudicate.act(settings, "P1", both[0], {"revision": 3, "action": "undo"})


def test_the_case_can_be_taken_back_from_a_colleague_who_does_not_answer(settings, both, anterior):
    finish(settings, both[0], "keep", "none", "union")
    adjudicate.take_over(settings, "P1", both[0])
    assert adjudicate.finish(settings, "P1", both[0], 3)["state"] == "sealed"
    assert states(settings) == [("first", "sealed"), ("second", "ended")]
    with pytest.raises(WrongState):
        adjudicate.act(settings, "P1", both[1], {"revision": 0, "action": "undo"})


def test_a_second_opinion_comes_first_in_the_queue(settings, both):
    (row,) = adjudicate.queue(settings, account_id=both[1])["cases"]
    assert (row["second_opinion_for_me"], row["mine"], row["in_hand_of"]) == (True, False, "physician@example.org")
    (row,) = adjudicate.queue(settings, account_id=both[0])["cases"]
    assert (row["second_opinion_for_me"], row["mine"]) == (False, True)


def test_a_revised_reading_opens_both_works_anew(settings, both, anterior, add_reading, two, box):
    finish(settings, both[0], "keep", "none", "union")
    answer(settings, both[1], "keep", "keep", "midway")
    add_reading(two[0], anterior, box(100, 100, 9, 9), box(300, 100, 20, 20))
    with pytest.raises(Revised):
        adjudicate.act(settings, "P1", both[1], {"revision": 3, "action": "undo"})
    first = adjudicate.open_case_for(settings, "P1", both[0])
    second = adjudicate.open_case_for(settings, "P1", both[1])
    assert [(one["kind"], one["state"], one["undecided"]) for one in (first, second)] == [
        ("first", "open", 0),
        ("second", "open", 0),
    ]
    assert adjudicate.finish(settings, "P1", both[0], first["revision"])["state"] == "waiting"
    assert adjudicate.finish(settings, "P1", both[1], second["revision"])["state"] == "joint"


def test_only_whoever_has_the_case_asks_and_once(settings, anterior, physician, colleague, add_physician):
    third = add_physician("third@example.org")
    with pytest.raises(WrongState, match="open the case first"):
        adjudicate.ask_second_opinion(settings, "P1", physician, colleague)
    adjudicate.open_case_for(settings, "P1", physician)
    with pytest.raises(InHand):
        adjudicate.ask_second_opinion(settings, "P1", colleague, third)
    with pytest.raises(Refused, match="another physician"):
        adjudicate.ask_second_opinion(settings, "P1", physician, physician)
    with pytest.raises(NotFound):
        adjudicate.ask_second_opinion(settings, "P1", physician, 999)
    adjudicate.ask_second_opinion(settings, "P1", physician, colleague)
    with pytest.raises(WrongState, match="already"):
        adjudicate.ask_second_opinion(settings, "P1", physician, third)


def test_the_physicians_who_may_be_asked(settings, physician, colleague):
    assert adjudicate.physicians(settings) == [
        {"id": colleague, "email": "colleague@example.org"},
        {"id": physician, "email": "physician@example.org"},
    ]
