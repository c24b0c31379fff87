"""The agreement of a whole home."""

import pytest

from backend.agreement.report import by_exposure, survey
from backend.jobs.steps.agree import settle
from backend.store.session import open_session
from backend.store.tables import Assignment, Image


def statuses(settings):
    return {one["projection"]: one["status"] for one in survey(settings)["projections"]}


def test_a_projection_waits_until_both_readings_are_sealed(settings, add_study, add_reading, two, box):
    anterior, _ = add_study("P1").values()
    add_reading(two[0], anterior, box(100, 100, 9, 9))
    assert statuses(settings) == {"anterior": "waiting", "posterior": "waiting"}
    assert survey(settings)["pairs"] == []


def test_agreeing_readings_are_agreed_and_compared(settings, add_study, add_reading, two, box):
    anterior, posterior = add_study("P1").values()
    for reader, exposure in zip(two, ("assisted", "blind"), strict=True):
        add_reading(reader, anterior, box(100, 100, 9, 9), exposure=exposure)
        add_reading(reader, posterior, exposure=exposure)
    report = survey(settings)
    assert statuses(settings) == {"anterior": "agreed", "posterior": "agreed"}
    first = report["pairs"][0]
    assert first["readers"] == ["reader 1", "reader 2"]
    assert first["exposure"] == ["assisted", "blind"]
    assert {label: row["dice"] for label, row in first["labels"].items()} == {"metastasis": 1.0, "bladder": None}
    assert (first["lesions"]["matched"], first["lesions"]["only"]) == (1, [0, 0])
    assert first["patient_call_differs"] is False


def test_the_call_of_the_patient_is_one_for_both_projections(settings, add_study, add_reading, two, box):
    anterior, posterior = add_study("P1").values()
    add_reading(two[0], anterior, box(100, 100, 3, 3))
    add_reading(two[1], anterior)
    add_reading(two[0], posterior)
    add_reading(two[1], posterior)
    report = survey(settings)
    assert [pair["patient_call_differs"] for pair in report["pairs"]] == [True, True]
    assert statuses(settings) == {"anterior": "adjudicate", "posterior": "agreed"}


def test_lesions_on_different_projections_are_one_call_of_the_patient(settings, add_study, add_reading, two, box):
    anterior, posterior = add_study("P1").values()
    add_reading(two[0], anterior, box(100, 100, 3, 3))
    add_reading(two[1], anterior)
    add_reading(two[0], posterior)
    add_reading(two[1], posterior, box(100, 100, 3, 3))
    assert not any(pair["patient_call_differs"] for pair in survey(settings)["pairs"])


EXCLUSIONS = {
    "both call it unreadable": ("unreadable", "primary bone tumour", "excluded"),
    "only one calls it unreadable": ("unreadable", None, "adjudicate"),
}


@pytest.mark.parametrize(("a", "b", "expected"), EXCLUSIONS.values(), ids=EXCLUSIONS.keys())
def test_exclusions(a, b, expected, settings, add_study, add_reading, two):
    anterior, _ = add_study("P1").values()
    add_reading(two[0], anterior, exclusion=a)
    add_reading(two[1], anterior, exclusion=b)
    assert statuses(settings)["anterior"] == expected
    assert survey(settings)["pairs"] == []


def test_agreement_is_split_by_exposure_with_intervals(settings, add_study, add_reading, two, box):
    for number in range(4):
        anterior, _ = add_study(f"P{number}").values()
        add_reading(two[0], anterior, box(100, 100, 10, 10), exposure="assisted" if number % 2 else "blind")
        add_reading(two[1], anterior, box(100 + number, 100, 10, 10))
    groups = by_exposure(survey(settings)["pairs"])
    assert set(groups) == {"assisted and blind", "blind and blind"}
    assert groups["blind and blind"]["metastasis"]["dice"]["value"] == pytest.approx((1 + 0.8) / 2)
    assert groups["blind and blind"]["metastasis"]["dice"]["n"] == 2


def test_a_study_is_compared_over_the_pixels_and_borders_of_both_projections(
    settings, add_study, add_reading, two, box
):
    anterior, posterior = add_study("P1", patient="p").values()
    with open_session(settings) as session:
        for image in session.query(Image):
            image.pixel_mm = 2.0
    add_reading(two[0], anterior, box(100, 100, 10, 10))
    add_reading(two[1], anterior, box(100, 100, 10, 10))
    add_reading(two[0], posterior, box(100, 100, 10, 10), box(300, 100, 6, 6))
    add_reading(two[1], posterior, box(100, 105, 10, 10))
    [study] = survey(settings)["studies"]
    assert (study["patient"], study["study"], study["projections"]) == ("p", "P1", 2)
    assert study["labels"]["metastasis"]["dice"] == pytest.approx(2 * 150 / (236 + 200))
    pairs = survey(settings)["pairs"]
    far = [pair["labels"]["metastasis"] for pair in pairs]
    assert study["labels"]["metastasis"]["hd95_mm"] == max(one["hd95_mm"] for one in far)
    weighted = sum(one["mean_surface_distance_mm"] * one["border_pixels"] for one in far)
    assert study["labels"]["metastasis"]["mean_surface_distance_mm"] == pytest.approx(
        weighted / sum(one["border_pixels"] for one in far)
    )
    assert study["labels"]["bladder"] == {"dice": None, "hd95_mm": None, "mean_surface_distance_mm": None}
    assert study["lesions"]["matched"] == 2
    assert study["lesions"]["only"] == [1, 0]
    assert study["patient_call"] == [True, True]
    assert study["bstbi"][0] == pytest.approx(sum(one["bstbi_a"] for one in pairs) / 4)


def test_a_reader_asked_third_is_compared_and_changes_nothing_whatever_the_readers_number(
    settings, add_reader, add_study, add_reading, box
):
    third, *two = [add_reader(f"reader {number}", number) for number in (1, 2, 3)]
    image = add_study("P1", projections=("anterior",))["anterior"]
    for reader in two:
        add_reading(reader, image, box(100, 100, 9, 9))
    settle(settings)
    with open_session(settings) as session:
        study = session.get_one(Image, image).study_id
        session.add(Assignment(reader_id=third, study_id=study, exposure="blind", purpose="third"))
    add_reading(third, image)
    report = survey(settings)
    assert [one["status"] for one in report["projections"]] == ["agreed"]
    assert [pair["readers"] for pair in report["pairs"]] == [
        ["reader 2", "reader 3"],
        ["reader 2", "reader 1"],
        ["reader 3", "reader 1"],
    ]
