"""A case in a physician's hands: opened, decided step by step, sealed."""

import numpy as np
import pytest
from sqlalchemy import select

from backend.adjudication import references
from backend.errors import InHand, NotFound, Refused, Revised, Stale, WrongState
from backend.jobs.steps import adjudicate, agree
from backend.records import Prediction
from backend.store.blobs import blobs_of
from backend.store.masks import load_mask
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import Account, Adjudication, AdjudicationStep, AuditEntry, Reading, Reference

LESION = (100, 100, 9, 9)
BLADDER = (600, 100, 20, 30, "bladder")


@pytest.fixture
def case(settings, two, add_study, add_reading, box):
    """`P1`: the first reader alone drew a lesion in the anterior image; in the posterior both drew the same."""
    anterior, posterior = add_study("P1").values()
    add_reading(two[0], anterior, box(*LESION), box(*BLADDER))
    add_reading(two[1], anterior, box(*BLADDER))
    for reader in two:
        add_reading(reader, posterior, box(300, 100, 9, 9))
    agree.settle(settings)
    return {"anterior": anterior, "posterior": posterior}


@pytest.fixture
def opened(settings, case, physician):
    return adjudicate.open_case_for(settings, "P1", physician)


def disputes(document):
    return [dispute for projection in document["projections"] for dispute in projection["disputes"]]


def keeping(dispute):
    """The choice that keeps what the one reader drew."""
    return "first" if dispute["first"] else "second"


def decide(settings, account, document, choice=None, reason=None):
    (dispute,) = disputes(document)
    chosen = choice or keeping(dispute)
    step = {"revision": document["revision"], "action": "decide", "dispute": dispute["key"], "choice": chosen}
    return adjudicate.act(settings, "P1", account, step | {"reason": reason})


def actions(settings):
    with open_session(settings) as session:
        return [(entry.who, entry.action) for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def reference(settings, image):
    with open_session(settings) as session:
        return current_reference(session, image)


def lesion_pixels(settings, image):
    return int(load_mask(blobs_of(settings), reference(settings, image).metastasis_sha256).sum())


def test_the_document_tells_what_is_disputed_and_nobodys_name(opened):
    (dispute,) = disputes(opened)
    assert (dispute["kind"], dispute["label"], dispute["box"]) == ("only", "metastasis", [100, 100, 109, 109])
    assert dispute["choices"] == ["first", "second", "none", "edit"]
    assert [bool(dispute["first"]), bool(dispute["second"])].count(True) == 1
    rejecting = "second" if dispute["first"] else "first"
    assert dispute["needs_reason"] == [rejecting, "none"]
    assert [one["status"] for one in opened["projections"]] == ["adjudicate", "agreed"]
    assert [region["label"] for region in opened["projections"][0]["settled"]] == ["bladder"]
    assert "reader" not in str(opened)


def test_opening_again_goes_on_with_the_same_work(settings, opened, physician):
    answer = decide(settings, physician, opened)
    again = adjudicate.open_case_for(settings, "P1", physician)
    assert (again["revision"], again["undecided"]) == (answer["revision"], 0)
    assert disputes(again)[0]["decision"]["choice"] == keeping(disputes(opened)[0])
    with open_session(settings) as session:
        assert len(session.scalars(select(Adjudication)).all()) == 1


def test_the_order_of_the_readings_is_the_cases_own(settings, two, add_study, add_reading, box, physician):
    """Over many cases neither reader is always the first."""
    firsts = set()
    for number in range(12):
        anterior = add_study(f"S{number}", projections=("anterior",))["anterior"]
        add_reading(two[0], anterior, box(*LESION))
        add_reading(two[1], anterior)
        agree.settle(settings)
        document = adjudicate.open_case_for(settings, f"S{number}", physician)
        firsts.add(keeping(disputes(document)[0]))
    assert firsts == {"first", "second"}


def test_a_decision_is_answered_with_what_changed(settings, opened, physician):
    answer = decide(settings, physician, opened)
    assert (answer["revision"], answer["undecided"], answer["can_undo"]) == (1, 0, True)
    assert answer["dispute"]["decision"]["choice"] == keeping(disputes(opened)[0])
    assert opened["burden"]["lesions"] == 1
    assert answer["burden"]["lesions"] == 2
    side = "first" if disputes(opened)[0]["first"] else "second"
    assert answer["burden"] == opened[f"burden_{side}"]


def test_an_undone_decision_waits_again(settings, opened, physician):
    decide(settings, physician, opened)
    answer = adjudicate.act(settings, "P1", physician, {"revision": 1, "action": "undo"})
    assert (answer["revision"], answer["undecided"], answer["can_undo"]) == (2, 1, False)
    assert answer["dispute"]["decision"] is None
    assert answer["burden"] == opened["burden"]
    with pytest.raises(WrongState, match="nothing to undo"):
        adjudicate.act(settings, "P1", physician, {"revision": 2, "action": "undo"})


def test_finishing_seals_the_reference_with_both_readings_the_decision_and_the_physician(
    settings, case, opened, physician
):
    decide(settings, physician, opened, "none", "degenerative")
    adjudicate.act(settings, "P1", physician, {"revision": 1, "action": "comment", "text": "<b>old</b> fracture"})
    assert adjudicate.finish(settings, "P1", physician, 2) == {"state": "sealed", "next": None}
    row = reference(settings, case["anterior"])
    assert (row.status, row.decided_by) == ("adjudicated", "physician@example.org")
    assert None not in (row.reading_a, row.reading_b, row.adjudication_id)
    decision, comment = row.decisions
    assert (decision["kind"], decision["choice"], decision["reason"]) == ("only_a", "none", "degenerative")
    assert comment == {"comment": "<b>old</b> fracture"}
    assert lesion_pixels(settings, case["anterior"]) == 0
    assert actions(settings)[-3:] == [
        ("physician@example.org", "case opened"),
        ("physician@example.org", "reference adjudicated"),
        ("physician@example.org", "case sealed"),
    ]
    assert agree.settle(settings) == {}


def test_the_projection_that_nobody_disputed_is_left_as_it_was(settings, case, opened, physician):
    before = reference(settings, case["posterior"]).id
    decide(settings, physician, opened)
    adjudicate.finish(settings, "P1", physician, 1)
    assert reference(settings, case["posterior"]).id == before
    with open_session(settings) as session:
        assert len(session.scalars(select(Reference)).all()) == 2


def test_nothing_is_sealed_while_something_waits(settings, opened, physician):
    with pytest.raises(WrongState, match="1 disagreements wait"):
        adjudicate.finish(settings, "P1", physician, 0)


def test_sealed_work_can_be_looked_at_and_not_changed(settings, opened, physician):
    decide(settings, physician, opened)
    adjudicate.finish(settings, "P1", physician, 1)
    document = adjudicate.document(settings, "P1", physician)
    assert (document["state"], len(disputes(document))) == ("sealed", 1)
    assert adjudicate.open_case_for(settings, "P1", physician) == document
    with pytest.raises(WrongState, match="sealed"):
        adjudicate.act(settings, "P1", physician, {"revision": 1, "action": "undo"})


def test_an_excluded_projection_needs_no_decision_and_leaves_the_burden_incomplete(settings, case, opened, physician):
    step = {"revision": 0, "action": "exclude", "projection": "anterior", "reason": "primary bone tumour"}
    answer = adjudicate.act(settings, "P1", physician, step)
    assert answer["exclusions"] == {"anterior": "primary bone tumour"}
    assert (answer["undecided"], answer["burden"]["complete"], answer["burden"]["sub_images"]) == (0, False, 2)
    adjudicate.finish(settings, "P1", physician, 1)
    row = reference(settings, case["anterior"])
    assert (row.status, row.reason, row.metastasis_sha256) == ("excluded", "primary bone tumour", None)


def test_what_neither_reader_drew_can_be_added_and_removed(settings, case, opened, physician):
    decide(settings, physician, opened)
    region = {"label": "metastasis", "rings": [[[10, 10], [20, 10], [20, 20], [10, 20]]]}
    answer = adjudicate.act(
        settings, "P1", physician, {"revision": 1, "action": "add", "projection": "anterior", "regions": [region] * 2}
    )
    assert answer["burden"]["lesions"] == 3
    first, second = answer["added"]
    assert (first["projection"], first["rings"]) == ("anterior", region["rings"])
    adjudicate.act(settings, "P1", physician, {"revision": 2, "action": "remove", "key": first["key"]})
    (left,) = adjudicate.document(settings, "P1", physician)["projections"][0]["added"]
    assert left["key"] == second["key"]
    adjudicate.finish(settings, "P1", physician, 3)
    assert lesion_pixels(settings, case["anterior"]) == 81 + 100


def test_one_reader_alone_may_call_an_image_unreadable(settings, two, add_study, add_reading, box, physician):
    anterior = add_study("P1", projections=("anterior",))["anterior"]
    add_reading(two[0], anterior, exclusion="unreadable")
    add_reading(two[1], anterior, box(*LESION), box(*BLADDER))
    agree.settle(settings)
    document = adjudicate.open_case_for(settings, "P1", physician)
    (dispute,) = disputes(document)
    assert (dispute["kind"], dispute["choices"], dispute["unreadable"]["reason"]) == (
        "exclusion",
        ["first", "second", "none"],
        "unreadable",
    )
    assert document["burden"]["bstbi"] is None
    other = "second" if dispute["unreadable"]["by"] == "first" else "first"
    decide(settings, physician, document, other)
    adjudicate.finish(settings, "P1", physician, 1)
    assert lesion_pixels(settings, anterior) == 81


def test_another_physician_finds_the_case_in_hand(settings, opened, colleague):
    with pytest.raises(InHand, match=r"physician@example\.org has this case in hand"):
        adjudicate.open_case_for(settings, "P1", colleague)
    with pytest.raises(InHand):
        adjudicate.act(settings, "P1", colleague, {"revision": 0, "action": "undo"})
    (row,) = adjudicate.queue(settings, account_id=colleague)["cases"]
    assert (row["in_hand_of"], row["mine"]) == ("physician@example.org", False)


def test_a_case_taken_over_goes_on_and_the_others_work_is_kept(settings, case, opened, physician, colleague):
    decide(settings, physician, opened)
    adjudicate.take_over(settings, "P1", colleague)
    document = adjudicate.open_case_for(settings, "P1", colleague)
    assert (document["revision"], document["undecided"], document["can_undo"]) == (1, 0, False)
    with pytest.raises(InHand, match=r"colleague@example\.org"):
        adjudicate.act(settings, "P1", physician, {"revision": 1, "action": "undo"})
    adjudicate.finish(settings, "P1", colleague, 1)
    assert reference(settings, case["anterior"]).decided_by == "colleague@example.org"
    with open_session(settings) as session:
        mine, theirs = session.scalars(select(Adjudication).order_by(Adjudication.id))
        assert (mine.state, theirs.state, theirs.continues) == ("ended", "sealed", mine.id)
        assert session.scalars(select(AdjudicationStep.action).where(AdjudicationStep.adjudication_id == mine.id)).all()
    assert ("colleague@example.org", "case taken over") in actions(settings)


def test_a_stale_page_decides_nothing(settings, opened, physician):
    decide(settings, physician, opened)
    with pytest.raises(Stale):
        decide(settings, physician, opened, "none", "other")
    with pytest.raises(Stale):
        adjudicate.finish(settings, "P1", physician, 0)
    assert adjudicate.document(settings, "P1", physician)["revision"] == 1


def test_a_reading_revised_meanwhile_is_said_and_what_still_fits_is_kept(
    settings, case, opened, physician, add_reading, two, box
):
    decide(settings, physician, opened)
    add_reading(two[1], case["anterior"], box(*BLADDER), box(200, 50, 20, 20))
    for attempt in (
        lambda: adjudicate.act(settings, "P1", physician, {"revision": 1, "action": "undo"}),
        lambda: adjudicate.finish(settings, "P1", physician, 1),
    ):
        with pytest.raises(Revised, match="revised"):
            attempt()
    document = adjudicate.open_case_for(settings, "P1", physician)
    decided = {dispute["box"][1]: dispute["decision"] for dispute in disputes(document)}
    assert decided[100]["choice"] == keeping(disputes(opened)[0])
    assert decided[200] is None
    assert document["undecided"] == 1
    with open_session(settings) as session:
        old, new = session.scalars(select(Adjudication).order_by(Adjudication.id))
        assert (old.state, new.state, new.continues) == ("ended", "open", old.id)


def test_readings_that_come_to_agree_leave_nothing_to_decide(settings, case, opened, physician, add_reading, two, box):
    add_reading(two[1], case["anterior"], box(*BLADDER), box(*LESION))
    agree.settle(settings)
    with pytest.raises(WrongState, match="nothing is to be decided"):
        adjudicate.open_case_for(settings, "P1", physician)
    assert adjudicate.queue(settings, account_id=physician)["total"] == 0


def test_a_forged_or_agreed_case_is_refused(settings, case, add_study, physician):
    add_study("P2")
    with pytest.raises(NotFound):
        adjudicate.open_case_for(settings, "P9", physician)
    with pytest.raises(WrongState):
        adjudicate.open_case_for(settings, "P2", physician)
    with pytest.raises(WrongState, match="open the case first"):
        adjudicate.act(settings, "P1", physician, {"revision": 0, "action": "undo"})


def test_an_account_that_is_no_physicians_opens_nothing(settings, case):
    with open_session(settings) as session:
        account = Account(email="engineer@example.org", role="engineer", password_hash=None)
        session.add(account)
        session.flush()
        number = account.id
    with pytest.raises(NotFound, match="no physician"):
        adjudicate.open_case_for(settings, "P1", number)


def test_without_a_champion_there_is_no_model_to_look_at(settings, opened, physician):
    assert opened["model"] == {"allowed": False, "shown": False}
    with pytest.raises(Refused, match="no model serves"):
        adjudicate.act(settings, "P1", physician, {"revision": 0, "action": "show_model"})


def test_the_queue_is_ordered_by_clinical_weight(settings, two, add_study, add_reading, box, physician):
    lesions = {"S1": (20, 20), "S2": (40, 40), "S3": (6, 6)}
    for token, size in lesions.items():
        anterior = add_study(token, projections=("anterior",))["anterior"]
        common = () if token == "S3" else (box(500, 50, 30, 30),)
        add_reading(two[0], anterior, *common, box(100, 100, *size))
        add_reading(two[1], anterior, *common)
    agree.settle(settings)
    queue = adjudicate.queue(settings, account_id=physician)
    assert [row["study"] for row in queue["cases"]] == ["S3", "S2", "S1"]
    assert [row["patient_call_differs"] for row in queue["cases"]] == [True, False, False]
    page = adjudicate.queue(settings, account_id=physician, offset=1, limit=1)
    assert (page["total"], [row["study"] for row in page["cases"]]) == (3, ["S2"])
    adjudicate.open_case_for(settings, "S3", physician)
    assert adjudicate.queue(settings, account_id=physician)["cases"][0]["mine"]


def test_after_a_case_comes_the_next_that_nobody_has(settings, two, add_study, add_reading, box, physician, colleague):
    for token, size in {"P1": 30, "S2": 20, "S3": 10}.items():
        anterior = add_study(token, projections=("anterior",))["anterior"]
        add_reading(two[0], anterior, box(100, 100, size, size))
        add_reading(two[1], anterior)
    agree.settle(settings)
    adjudicate.open_case_for(settings, "S2", colleague)
    decide(settings, physician, adjudicate.open_case_for(settings, "P1", physician))
    assert adjudicate.finish(settings, "P1", physician, 1)["next"] == "S3"


def test_the_study_keeps_its_place_since_the_first_time(settings, case, opened, physician, add_reading, two, box):
    (before,) = adjudicate.queue(settings, account_id=physician)["cases"]
    add_reading(two[1], case["anterior"], box(*BLADDER), box(200, 50, 20, 20))
    agree.settle(settings)
    (after,) = adjudicate.queue(settings, account_id=physician)["cases"]
    assert (after["since"], after["disputes"], before["disputes"]) == (before["since"], 2, 1)


def test_masks_of_the_reference_are_disjoint_and_whole(settings, case, opened, physician):
    region = {"label": "bladder", "rings": [[[100, 100], [104, 100], [104, 109], [100, 109]]]}
    decide(settings, physician, opened)
    step = {"revision": 1, "action": "add", "projection": "anterior", "regions": [region]}
    adjudicate.act(settings, "P1", physician, step)
    adjudicate.finish(settings, "P1", physician, 2)
    row, blobs = reference(settings, case["anterior"]), blobs_of(settings)
    lesions, bladder = (load_mask(blobs, sha) for sha in (row.metastasis_sha256, row.bladder_sha256))
    assert not (lesions & bladder).any()
    assert (np.count_nonzero(lesions), np.count_nonzero(bladder)) == (45, 36 + 600)


def test_a_reading_withdrawn_takes_the_case_off_the_queue_and_back_again_when_it_returns(
    settings, case, physician, two, add_reading, box
):
    with open_session(settings) as session:
        row = session.scalars(select(Reading).where(Reading.image_id == case["anterior"])).first()
        row.withdrawn = True
    assert agree.settle(settings) == {}
    assert adjudicate.queue(settings, account_id=physician)["total"] == 0
    with open_session(settings) as session:
        session.get(Reading, row.id).withdrawn = False
    assert agree.settle(settings) == {case["anterior"]: "adjudicate"}
    assert adjudicate.queue(settings, account_id=physician)["total"] == 1


def test_what_waits_is_not_compared_again_until_a_reading_changes(settings, case, monkeypatch, two, add_reading, box):
    def compared(*_):
        raise AssertionError("compared again")

    with monkeypatch.context() as patched:
        agree.settle(settings)
        patched.setattr(references, "settle_study", compared)
        assert agree.settle(settings) == {case["anterior"]: "adjudicate"}
    add_reading(two[1], case["anterior"], box(*BLADDER), box(*LESION))
    assert agree.settle(settings) == {case["anterior"]: "agreed"}


def test_a_case_decided_by_a_script_leaves_the_queue(settings, case, physician):
    references.record_decisions(settings, case["anterior"], {1: "a"}, "a script")
    assert adjudicate.queue(settings, account_id=physician)["total"] == 0


@pytest.fixture
def champion(monkeypatch, drawn, box):
    """A model that serves, and finds one lesion everywhere."""
    found = Prediction("scintiloop-m1", drawn(box(50, 50, 5, 5)), (), {}, {})
    monkeypatch.setattr(adjudicate, "champion_version", lambda settings: "scintiloop-m1")
    monkeypatch.setattr(adjudicate, "predict_image", lambda settings, image_id: found)


def test_a_look_at_the_model_is_recorded_before_it_is_given(settings, case, champion, physician):
    document = adjudicate.open_case_for(settings, "P1", physician)
    assert document["model"] == {"allowed": True, "shown": False}
    with pytest.raises(Refused, match="recorded first"):
        adjudicate.model_outlines(settings, "P1", physician)
    adjudicate.act(settings, "P1", physician, {"revision": 0, "action": "show_model"})
    assert ("physician@example.org", "model outlines shown") in actions(settings)
    assert adjudicate.document(settings, "P1", physician)["model"]["shown"]
    outlines = adjudicate.model_outlines(settings, "P1", physician)
    assert [region["label"] for region in outlines["anterior"]] == ["metastasis"]
    assert outlines["anterior"][0]["rings"] == [[[50, 50], [55, 50], [55, 55], [50, 55]]]


def test_no_model_is_looked_at_in_the_frozen_test_set(settings, champion, two, add_study, add_reading, box, physician):
    anterior = add_study("T1", sequestered=True, projections=("anterior",))["anterior"]
    add_reading(two[0], anterior, box(*LESION))
    add_reading(two[1], anterior)
    agree.settle(settings)
    document = adjudicate.open_case_for(settings, "T1", physician)
    assert document["model"]["allowed"] is False
    with pytest.raises(Refused):
        adjudicate.act(settings, "T1", physician, {"revision": 0, "action": "show_model"})
    with pytest.raises(Refused):
        adjudicate.model_outlines(settings, "T1", physician)
