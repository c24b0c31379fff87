"""How readers agree over the project, with the references, with themselves, over time."""

import json
from datetime import UTC, datetime

import pytest

from backend.agreement.own import own_agreement
from backend.agreement.project import project_figures
from backend.agreement.report import measured_all
from backend.errors import NotFound
from backend.store.session import open_session
from backend.store.tables import Reading

LESION, OTHER = (100, 100, 10, 10), (300, 100, 8, 8)


@pytest.fixture
def figures(settings):
    return lambda: project_figures(measured_all(settings))


@pytest.fixture
def read_twice(add_study, add_reading, two, box):
    """`read_twice(token, first's boxes, second's boxes)` reads the anterior; returns the image and its readings."""

    def read(token, first, second):
        image = add_study(token, projections=("anterior",))["anterior"]
        sides = zip(two, (first, second), strict=True)
        return image, tuple(add_reading(reader, image, *(box(*one) for one in boxes)) for reader, boxes in sides)

    return read


def test_nothing_read_is_nothing_measured(figures):
    found = figures()
    assert found["between_readers"]["kappa"] == {"value": None, "low": None, "high": None, "n": 0}
    assert (found["readers"], found["by_pair"]) == ({}, [])


def test_the_call_of_the_patient_is_compared_beyond_chance(figures, read_twice):
    for number in range(4):
        read_twice(f"both {number}", [LESION], [LESION])
        read_twice(f"neither {number}", [], [])
    for number in range(2):
        read_twice(f"one {number}", [LESION], [])
    kappa = figures()["between_readers"]["kappa"]
    assert kappa["value"] == pytest.approx((0.8 - (0.6 * 0.4 + 0.4 * 0.6)) / (1 - 0.48))
    assert (kappa["n"], kappa["low"] < kappa["value"] < kappa["high"]) == (10, True)


def test_dice_is_described_by_mean_quantiles_and_histogram(figures, read_twice):
    read_twice("same", [LESION], [LESION])
    read_twice("apart", [LESION], [OTHER])
    read_twice("empty", [], [])
    found = figures()["between_readers"]
    assert (found["labels"]["metastasis"]["dice"]["value"], found["labels"]["metastasis"]["dice"]["n"]) == (0.5, 2)
    spread = found["distribution"]["metastasis"]
    assert spread["quantiles"]["50"] == 0.5
    assert (spread["histogram"][0], spread["histogram"][-1], sum(spread["histogram"])) == (1, 1, 2)
    assert spread["undefined"] == 1
    assert found["distribution"]["bladder"]["quantiles"]["50"] is None


def test_lesion_f1_counts_lesions_of_both(figures, read_twice):
    read_twice("P1", [LESION, OTHER], [LESION])
    read_twice("P2", [LESION], [LESION])
    found = figures()["between_readers"]
    assert found["lesion_f1"]["value"] == pytest.approx(2 * 2 / (2 * 2 + 1))
    assert found["lesions"] == {"matched": 2, "only": [1, 0], "split": 0, "merged": 0, "inside": 0}


def test_readers_are_measured_by_the_reference_and_marked_where_they_helped_to_make_it(
    figures, read_twice, add_reference, box, add_reader, add_reading
):
    image, readings = read_twice("P1", [LESION, OTHER], [LESION])
    third = add_reader("reader 3", 3)
    add_reading(third, image, box(500, 100, 9, 9))
    add_reference(image, readings, box(*LESION), box(700, 100, 5, 5))
    found = figures()["readers"]
    assert {name: one["contributed"] for name, one in found.items()} == {
        "reader 1": True,
        "reader 2": True,
        "reader 3": False,
    }
    assert [(one["sensitivity"]["k"], one["sensitivity"]["n"]) for one in found.values()] == [(1, 2), (1, 2), (0, 2)]
    assert [one["over_called"]["value"] for one in found.values()] == [1, 0, 1]
    assert [one["missed"]["value"] for one in found.values()] == [1, 1, 2]
    assert found["reader 2"]["labels"]["metastasis"]["dice"]["value"] == pytest.approx(200 / (100 + 125))
    assert found["reader 2"]["by_exposure"]["blind"]["lesion_f1"]["value"] == pytest.approx(2 / 3)


def test_a_third_reading_is_compared_by_pair_and_not_between_the_two(figures, read_twice, add_reader, add_reading, box):
    image, _ = read_twice("P1", [LESION], [LESION])
    add_reading(add_reader("reader 3", 3), image)
    found = figures()
    assert found["between_readers"]["n"]["projections"] == 1
    assert [one["readers"] for one in found["by_pair"]] == [
        ["reader 1", "reader 2"],
        ["reader 1", "reader 3"],
        ["reader 2", "reader 3"],
    ]


def test_agreement_is_followed_by_the_month_of_sealing(settings, figures, read_twice):
    for month in (3, 4):
        _, readings = read_twice(f"month {month}", [LESION], [LESION] if month == 4 else [OTHER])
        with open_session(settings) as session:
            for reading in readings:
                session.get(Reading, reading).sealed = datetime(2026, month, 7, tzinfo=UTC)
    months = figures()["between_readers"]["by_month"]
    assert [(one["month"], one["labels"]["metastasis"]["dice"]["value"]) for one in months] == [
        ("2026-03", 0),
        ("2026-04", 1),
    ]


@pytest.fixture
def repeated(settings, add_study, add_reading, two, box):
    """The first reader read one study twice, the second time as a hidden repeat, 5 pixels aside."""
    image = add_study("P1", projections=("anterior",))["anterior"]
    again = add_reading(two[0], image, box(100, 105, 10, 10))
    for reader in two:
        add_reading(reader, image, box(*LESION))
    with open_session(settings) as session:
        row = session.get(Reading, again)
        row.repeat, row.superseded_by = True, None
    return image


def test_a_hidden_repeat_is_compared_with_the_same_readers_first_reading(figures, repeated):
    found = figures()
    assert found["repeats"]["all"]["labels"]["metastasis"]["dice"]["value"] == pytest.approx(0.5)
    assert list(found["repeats"]["readers"]) == ["reader 1"]
    assert found["between_readers"]["labels"]["metastasis"]["dice"]["value"] == 1


def test_the_figures_are_plain_json(figures, read_twice, add_reference, box):
    image, readings = read_twice("P1", [LESION], [OTHER])
    add_reference(image, readings, box(*LESION))
    found = figures()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_reader_sees_own_readings_beside_sealed_references_alone(
    settings, read_twice, add_reference, box, two, repeated
):
    read_twice("open", [LESION], [OTHER])
    image, readings = read_twice("sealed", [LESION, OTHER], [])
    add_reference(image, readings, box(*LESION))
    own = own_agreement(settings, two[0])
    assert own["studies"] == [
        {
            "study": "sealed",
            "projections": [
                {
                    "projection": "anterior",
                    "status": "agreed",
                    "dice": {"metastasis": pytest.approx(200 / (164 + 100)), "bladder": None},
                    "contributed": True,
                    "matched": 1,
                    "missed": 0,
                    "over_called": 1,
                }
            ],
        }
    ]
    assert own["figures"]["n"] == {"patients": 1, "projections": 1}
    assert own_agreement(settings, two[1])["figures"]["sensitivity"]["value"] == 0


def test_an_unknown_reader_is_named(settings):
    with pytest.raises(NotFound, match="reader 7"):
        own_agreement(settings, 7)
