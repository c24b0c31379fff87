"""Requests that cannot be: refused with a sentence, nothing written, and what came stays out of the log."""

import logging

import pytest

from backend.errors import InputError
from backend.jobs.steps import adjudicate, agree

SECRET = "Mrs Example"
SQUARE = [[10, 10], [20, 10], [20, 20], [10, 20]]


@pytest.fixture
def opened(settings, two, add_study, add_reading, box, physician):
    """A lesion that one reader alone drew, in the anterior image; nothing in dispute in the posterior."""
    anterior, posterior = add_study("P1").values()
    add_reading(two[0], anterior, box(100, 100, 9, 9))
    add_reading(two[1], anterior)
    for reader in two:
        add_reading(reader, posterior)
    agree.settle(settings)
    return adjudicate.open_case_for(settings, "P1", physician)


def edit(*rings, label="metastasis", **more):
    return {"action": "decide", "choice": "edit", "regions": [{"label": label, "rings": list(rings)} | more]}


def add(*rings):
    return {"action": "add", "projection": "anterior", "regions": [{"label": "metastasis", "rings": list(rings)}]}


BAD = {
    "no object": (["decide"], "one JSON object"),
    "no action": ({}, "action is not known"),
    "an unknown action": ({"action": "destroy"}, "action is not known"),
    "an unknown key": ({"action": "undo", "force": True}, "'force' is not known"),
    "an unknown key in a decision": ({"action": "decide", "choice": "none", "by": SECRET}, "'by' is not known"),
    "a missing key": ({"action": "exclude", "projection": "anterior"}, "'reason' is missing"),
    "a revision that is no number": ({"action": "undo", "revision": "0"}, "number of steps"),
    "a negative revision": ({"action": "undo", "revision": -1}, "number of steps"),
    "a revision that is true": ({"action": "undo", "revision": True}, "number of steps"),
    "a foreign dispute": (
        {"action": "decide", "dispute": "0123456789abcdef", "choice": "none", "reason": "other"},
        "no such disagreement",
    ),
    "a dispute that is no text": ({"action": "clear", "dispute": 1}, "is a text"),
    "an unknown choice": ({"action": "decide", "choice": "both"}, "choose one of: first, second, none, edit"),
    "a choice that does not fit": ({"action": "decide", "choice": "midway"}, "choose one of"),
    "a rejection without a reason": ({"action": "decide", "choice": "none"}, "why it is no metastasis"),
    "an unknown reason": ({"action": "decide", "choice": "none", "reason": "boring"}, "the reason is one of"),
    "a reason with an edit": (edit(SQUARE) | {"reason": "other"}, "rejects nothing"),
    "an edit without an outline": ({"action": "decide", "choice": "edit"}, "outlines go with"),
    "an outline without an edit": (edit(SQUARE) | {"choice": "none", "reason": "other"}, "outlines go with"),
    "an edit of nothing": ({"action": "decide", "choice": "edit", "regions": []}, "at least one outline"),
    "an unknown label": (edit(SQUARE, label="kidney"), "of a metastasis or of the bladder"),
    "an unknown key of an outline": (edit(SQUARE, by=SECRET), "a label and rings, and nothing else"),
    "no ring": (edit(), "needs a ring"),
    "two points": (edit([[1, 1], [2, 2]]), "between 3 and 2000 points"),
    "too many points": (edit([[1, 1]] * 2001), "between 3 and 2000 points"),
    "too many rings": (add(*[SQUARE] * 201), "more than 200 outlines"),
    "a point of three numbers": (edit([[1, 1, 1], [2, 2], [3, 1]]), "two numbers"),
    "a point in words": (edit([["1", "1"], [2, 2], [3, 1]]), "two numbers"),
    "not a number": (edit([[float("nan"), 1], [2, 2], [3, 1]]), "two numbers"),
    "infinite": (edit([[float("inf"), 1], [2, 2], [3, 1]]), "two numbers"),
    "left of the image": (edit([[-0.1, 1], [20, 20], [3, 10]]), "beyond the image"),
    "below the image": (edit([[1, 1], [20, 1024.5], [3, 10]]), "beyond the image"),
    "an outline that crosses itself": (edit([[10, 10], [20, 20], [20, 10], [10, 20]]), "crosses itself"),
    "a hole that crosses its outline": (edit(SQUARE, [[15, 15], [25, 15], [25, 18], [15, 18]]), "crosses itself"),
    "an outline of no area": (edit([[10, 10], [20, 20], [15, 15]]), "covers no pixel"),
    "an addition without an outline": (add() | {"regions": None}, "at least one outline"),
    "an addition where nothing is in dispute": (add(SQUARE) | {"projection": "posterior"}, "nothing is to be decided"),
    "a projection that is none": (add(SQUARE) | {"projection": "lateral"}, "anterior or posterior"),
    "an exclusion for no known reason": (
        {"action": "exclude", "projection": "anterior", "reason": SECRET},
        "the reason is one of",
    ),
    "to include what is not excluded": ({"action": "include", "projection": "anterior"}, "not excluded"),
    "to remove what was never drawn": ({"action": "remove", "key": "ffff"}, "nothing of this name"),
    "too long a comment": ({"action": "comment", "text": SECRET * 200}, "longer than 2000 characters"),
    "a comment that is no text": ({"action": "comment", "text": ["x"]}, "is a text"),
}


def completed(step, document):
    """With what a good request would have said besides."""
    if not isinstance(step, dict):
        return step
    (dispute,) = document["projections"][0]["disputes"]
    besides = {"revision": 0} | ({"dispute": dispute["key"]} if step.get("action") == "decide" else {})
    return besides | step


@pytest.mark.parametrize(("step", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_step_is_refused_and_nothing_is_kept(step, sentence, settings, opened, physician, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InputError, match=sentence):
        adjudicate.act(settings, "P1", physician, completed(step, opened))
    assert adjudicate.document(settings, "P1", physician) == opened
    assert SECRET not in caplog.text
    assert "refused" in caplog.text


def test_a_script_in_a_comment_is_text(settings, opened, physician):
    text = "<script>alert(1)</script> '); DROP TABLE readings; -- \u0000 \U0001f9b4"
    answer = adjudicate.act(settings, "P1", physician, {"revision": 0, "action": "comment", "text": text})
    assert answer["comment"] == text
    assert adjudicate.document(settings, "P1", physician)["comment"] == text


def test_outlines_may_touch_themselves_as_exact_outlines_do(settings, opened, physician):
    corner = [[10, 10], [14, 10], [14, 14], [18, 14], [18, 18], [14, 18], [14, 14], [10, 14]]
    answer = adjudicate.act(settings, "P1", physician, {"revision": 0} | add(corner))
    assert answer["burden"]["lesions"] == 1


def test_the_whole_image_may_be_outlined(settings, opened, physician):
    everything = [[0, 0], [256, 0], [256, 1024], [0, 1024]]
    assert adjudicate.act(settings, "P1", physician, {"revision": 0} | add(everything))["burden"]["lesions"] == 1
