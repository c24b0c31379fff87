"""Assisted beside blind readings: within studies, beside the control arm, and what became of the suggestions."""

import json

import pytest

from backend.agreement.exposure import exposure_report
from backend.agreement.report import measured_all
from backend.store.blobs import blobs_of
from backend.store.regions_document import encode
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, Reading, ShownOutlines, Study

LESION, OTHER = (100, 100, 10, 10), (300, 100, 8, 8)
TRUTH = [LESION, OTHER]


@pytest.fixture
def report(settings):
    return lambda: exposure_report(measured_all(settings))


@pytest.fixture
def read(settings, add_study, add_reading, two, add_reference, box):
    """`read(token, (seconds, boxes), (seconds, boxes), exposures=…, control=…)` reads the anterior of a study twice and
    seals `TRUTH`."""

    def both(token, first, second, exposures=("assisted", "blind"), control=False):
        image = add_study(token, projections=("anterior",))["anterior"]
        readings = []
        for reader, (seconds, boxes), exposure in zip(two, (first, second), exposures, strict=True):
            readings.append(add_reading(reader, image, *(box(*one) for one in boxes), exposure=exposure))
            with open_session(settings) as session:
                session.get(Reading, readings[-1]).seconds = seconds
        with open_session(settings) as session:
            session.get(Study, session.get(Image, image).study_id).control = control
        add_reference(image, readings, *(box(*one) for one in TRUTH))
        return image, readings

    return both


def test_nothing_read_is_nothing_compared(report):
    found = report()
    assert found["within_cases"]["seconds"]["difference"]["value"] is None
    assert found["control"]["n"] == {side: {"patients": 0, "studies": 0} for side in ("assisted", "control")}


def test_time_and_errors_are_compared_within_the_same_studies(report, read):
    read("P1", (60, TRUTH), (100, [LESION]))
    read("P2", (80, [*TRUTH, (500, 100, 5, 5)]), (160, TRUTH), exposures=("assisted", "blind"))
    found = report()["within_cases"]
    assert found["n"] == {"patients": 2, "studies": 2}
    assert [found["seconds"][side]["value"] for side in ("assisted", "blind", "difference")] == [70, 130, -60]
    assert (found["seconds"]["difference"]["low"], found["seconds"]["difference"]["high"]) == (-80, -40)
    assert found["missed"]["difference"]["value"] == -0.5
    assert found["over_called"]["difference"]["value"] == 0.5


def test_studies_read_in_one_way_only_are_not_in_the_comparison_within(report, read):
    read("both assisted", (60, TRUTH), (60, TRUTH), exposures=("assisted", "assisted"))
    read("both blind", (60, TRUTH), (60, TRUTH), exposures=("blind", "blind"))
    assert report()["within_cases"]["n"]["studies"] == 0


def test_assisted_readings_stand_beside_the_control_arm(report, read):
    read("P1", (50, TRUTH), (100, TRUTH))
    read("P2", (70, TRUTH), (100, TRUTH))
    read("P3", (130, [LESION]), (150, TRUTH), exposures=("blind", "blind"), control=True)
    found = report()["control"]
    assert (found["seconds"]["assisted"]["value"], found["seconds"]["control"]["value"]) == (60, 140)
    assert found["seconds"]["difference"]["value"] == -80
    assert found["missed"]["difference"]["value"] == -0.5
    assert found["n"]["control"] == {"patients": 1, "studies": 1}


def test_each_reader_is_compared_with_the_same_readers_other_studies(report, read):
    read("P1", (50, TRUTH), (100, TRUTH))
    read("P2", (90, TRUTH), (70, TRUTH), exposures=("blind", "assisted"))
    found = report()["by_reader"]
    assert {reader: one["seconds"]["difference"]["value"] for reader, one in found.items()} == {
        "reader 1": -40,
        "reader 2": -30,
    }
    assert found["reader 1"]["n"]["blind"] == {"patients": 1, "studies": 1}


def test_a_task_with_two_projections_counts_its_time_once(settings, report, add_study, add_reading, two):
    images = add_study("P1")
    for reader, exposure, seconds in zip(two, ("assisted", "blind"), (40, 90), strict=True):
        for image in images.values():
            reading = add_reading(reader, image, exposure=exposure)
            with open_session(settings) as session:
                session.get(Reading, reading).seconds = seconds
    found = report()["within_cases"]["seconds"]
    assert (found["assisted"], found["blind"]["value"]) == ({"value": 40, "low": None, "high": None, "n": 1}, 90)


def test_edits_are_shares_of_what_was_shown_by_model(settings, report, add_study, add_reading, two, box):
    image = add_study("P1", projections=("anterior",))["anterior"]
    with open_session(settings) as session:
        assignment = Assignment(reader_id=two[0], study_id=session.get(Image, image).study_id, exposure="assisted")
        session.add(assignment)
        session.flush()
        sha256 = blobs_of(settings).put(encode([box(*LESION), box(*OTHER)]))
        session.add(ShownOutlines(assignment_id=assignment.id, image_id=image, model="m1", regions_sha256=sha256))
    reading = add_reading(two[0], image, box(*LESION), box(700, 100, 9, 9), exposure="assisted")
    with open_session(settings) as session:
        session.get(Reading, reading).shown_model = "m1"
    edits = report()["edits"]
    assert edits["all"] == edits["by_model"]["m1"]
    assert {kind: edits["all"][kind]["value"] for kind in ("shown", "kept", "deleted", "added")} == {
        "shown": 2,
        "kept": 0.5,
        "deleted": 0.5,
        "added": 1,
    }


def test_the_report_says_that_readings_helped_to_make_their_references(report, read):
    read("P1", (60, TRUTH), (100, TRUTH))
    found = report()
    assert found["contributed"] is True
    assert json.loads(json.dumps(found, allow_nan=False)) == found
