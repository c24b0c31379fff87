"""Three or more readings: a majority or STAPLE where chosen, a physician where they cannot tell, never with two."""

import numpy as np
import pytest

from backend.adjudication.references import settle
from backend.adjudication.several import common, majority, staple
from backend.jobs.steps import adjudicate, agree
from backend.store.blobs import blobs_of
from backend.store.masks import load_mask
from backend.store.sealed import SealedReading, current_reference
from backend.store.session import open_session
from backend.store.tables import Assignment, Image

RULES = {"majority": "majority-1", "staple": "staple-1"}


@pytest.fixture
def four(add_reader):
    return [add_reader(f"reader {number}", number) for number in range(1, 5)]


@pytest.fixture(params=RULES)
def by_rule(request, settings):
    return settings.model_copy(update={"consensus": request.param})


def reference(settings, image):
    with open_session(settings) as session:
        return current_reference(session, image)


def lesions(settings, image):
    return load_mask(blobs_of(settings), reference(settings, image).metastasis_sha256)


def strip(text):
    return np.array([[letter == "m" for letter in text]] * 3)


def test_two_readings_are_never_outvoted(by_rule, add_study, add_reading, four, box):
    anterior, _ = add_study("P1").values()
    add_reading(four[0], anterior, box(100, 100, 9, 9))
    add_reading(four[1], anterior, box(101, 100, 9, 9))
    assert settle(by_rule, anterior) == "agreed"
    assert (reference(by_rule, anterior).rule, reference(by_rule, anterior).further_readings) == ("consensus-1", None)


def test_a_third_reading_settles_what_two_dispute(by_rule, settings, add_study, add_reading, four, box, physician):
    anterior, _ = add_study("P1").values()
    readings = [add_reading(four[0], anterior, box(100, 100, 9, 9)), add_reading(four[1], anterior)]
    assert agree.settle(by_rule) == {anterior: "adjudicate"}
    assert adjudicate.queue(by_rule, account_id=physician)["total"] == 1
    readings.append(add_reading(four[2], anterior, box(100, 100, 9, 9)))
    assert agree.settle(by_rule) == {anterior: "agreed"}
    row = reference(by_rule, anterior)
    assert [row.reading_a, row.reading_b, *row.further_readings] == readings
    assert row.rule == RULES[by_rule.consensus]
    assert lesions(by_rule, anterior).sum() == 81
    assert adjudicate.queue(by_rule, account_id=physician)["total"] == 0
    assert agree.settle(by_rule) == {}


def test_what_two_agreed_on_is_made_anew_of_all_three(by_rule, add_study, add_reading, four, box):
    anterior, _ = add_study("P1").values()
    for reader in four[:2]:
        add_reading(reader, anterior, box(100, 100, 9, 9))
    agree.settle(by_rule)
    add_reading(four[2], anterior)
    assert agree.settle(by_rule) == {anterior: "agreed"}
    assert reference(by_rule, anterior).rule == RULES[by_rule.consensus]


def test_a_fourth_reading_makes_another_reference(by_rule, add_study, add_reading, four, box):
    anterior, _ = add_study("P1").values()
    for reader in four[:3]:
        add_reading(reader, anterior, box(100, 100, 9, 9))
    agree.settle(by_rule)
    first = reference(by_rule, anterior).id
    add_reading(four[3], anterior, box(100, 100, 9, 9))
    assert reference(by_rule, anterior) is None
    agree.settle(by_rule)
    assert reference(by_rule, anterior).id > first


def test_what_a_physician_sealed_stays(by_rule, settings, add_study, add_reading, four, box, physician):
    anterior, _ = add_study("P1").values()
    add_reading(four[0], anterior, box(100, 100, 9, 9))
    add_reading(four[1], anterior)
    agree.settle(by_rule)
    document = adjudicate.open_case_for(by_rule, "P1", physician)
    adjudicate.act(
        by_rule, "P1", physician, {"revision": 0, "action": "exclude", "projection": "anterior", "reason": "unreadable"}
    )
    assert adjudicate.finish(by_rule, "P1", physician, document["revision"] + 1)["state"] == "sealed"
    add_reading(four[2], anterior, box(100, 100, 9, 9))
    agree.settle(by_rule)
    assert reference(by_rule, anterior).status == "excluded"


def test_a_physician_settles_three_readings_where_no_rule_is_chosen(settings, add_study, add_reading, four, box):
    anterior, _ = add_study("P1").values()
    add_reading(four[0], anterior, box(100, 100, 9, 9))
    add_reading(four[1], anterior)
    add_reading(four[2], anterior)
    assert agree.settle(settings) == {anterior: "adjudicate"}


EXCLUSIONS = {
    "two of three cannot read it": (3, (0, 1), "excluded"),
    "one of four cannot": (4, (3,), "agreed"),
    "half of them cannot": (4, (0, 2), "adjudicate"),
}


@pytest.mark.parametrize(("readers", "unreadable", "expected"), EXCLUSIONS.values(), ids=EXCLUSIONS.keys())
def test_the_image_is_excluded_by_the_same_count(
    readers, unreadable, expected, by_rule, add_study, add_reading, four, box
):
    anterior, _ = add_study("P1").values()
    for number in range(readers):
        add_reading(four[number], anterior, box(100, 100, 9, 9), exclusion="blurred" if number in unreadable else None)
    assert settle(by_rule, anterior) == expected


def sealed(*masks):
    return [SealedReading(number, f"r{number}", "blind", None, mask) for number, mask in enumerate(masks)]


def test_a_tie_of_an_even_number_goes_to_the_physician(settings, add_study, add_reading, four, box):
    by_majority = settings.model_copy(update={"consensus": "majority"})
    anterior, _ = add_study("P1").values()
    add_reading(four[0], anterior, box(100, 100, 9, 9))
    add_reading(four[1], anterior)
    add_reading(four[2], anterior, box(100, 100, 9, 9))
    add_reading(four[3], anterior)
    assert settle(by_majority, anterior) == "adjudicate"


def test_more_than_half_hold_a_pixel_of_the_majority():
    held, unclear = majority([strip("mmmm...."), strip("..mmmm.."), strip("mm....mm")])
    assert np.array_equal(held, strip("mmmm...."))
    assert not unclear.any()


def test_staple_of_readings_without_a_common_pixel_cannot_tell():
    held, unclear = staple([strip("mm......"), strip("...mm..."), strip("......mm")])
    assert not held.any()
    assert np.array_equal(unclear, strip("mm.mm.mm"))


def test_staple_of_nothing_is_nothing_and_of_the_same_the_same():
    assert not np.any(staple([strip("........")] * 3))
    assert np.array_equal(staple([strip("..mmm...")] * 3)[0], strip("..mmm..."))


def test_staple_leans_towards_the_readers_who_agree():
    held, _ = staple([strip("..mmmm.."), strip("..mmmm.."), strip(".mm....m")])
    assert np.array_equal(held, strip("..mmmm.."))


def test_labels_stay_apart(drawn, box):
    both = drawn(box(100, 100, 9, 9), box(300, 100, 9, 9, "bladder"))
    result = common(sealed(both, both, drawn(box(100, 100, 9, 9, "bladder"))), "majority")
    assert np.array_equal(result.masks.metastasis, both.metastasis)
    assert np.array_equal(result.masks.bladder, both.bladder)


def test_a_reader_asked_third_changes_nothing_whatever_the_readers_number(settings, add_study, add_reading, four, box):
    anterior, _ = add_study("P1").values()
    made_from = [add_reading(reader, anterior, box(100, 100, 9, 9)) for reader in four[1:3]]
    agree.settle(settings)
    with open_session(settings) as session:
        study = session.get_one(Image, anterior).study_id
        session.add(Assignment(reader_id=four[0], study_id=study, exposure="blind", purpose="third"))
    add_reading(four[0], anterior)
    row = reference(settings, anterior)
    assert [row.reading_a, row.reading_b] == made_from
    assert agree.settle(settings) == {}
