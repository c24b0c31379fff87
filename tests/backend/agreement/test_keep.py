"""What is measured once and kept."""

from backend.agreement.keep import keep_all, keep_comparisons, keep_few
from backend.store.blobs import blobs_of
from backend.store.regions_document import encode
from backend.store.session import open_session
from backend.store.tables import (
    Assignment,
    AuditEntry,
    Image,
    Reading,
    ReadingScore,
    ShownOutlines,
)


def test_a_pair_is_measured_once_and_a_revised_reading_anew(settings, add_study, add_reading, two, box, kept):
    image = add_study("P1")["anterior"]
    first = add_reading(two[0], image, box(100, 100, 9, 9))
    keep_comparisons(settings, [image])
    assert kept() == []
    second = add_reading(two[1], image, box(100, 100, 9, 9))
    for _ in range(2):
        keep_comparisons(settings, [image])
    [row] = kept()
    assert (row.reading_a, row.reading_b, row.rules) == (first, second, settings.agreement_rules.version)
    assert row.measures["labels"]["metastasis"]["dice"] == 1
    add_reading(two[1], image)
    keep_comparisons(settings, [image])
    assert [row.measures["labels"]["metastasis"]["dice"] for row in kept()] == [1, 0]


def test_other_rules_measure_again(settings, add_study, add_reading, two, box, kept):
    image = add_study("P1")["anterior"]
    for reader in two:
        add_reading(reader, image, box(100, 100, 9, 9))
    keep_all(settings)
    keep_all(settings.model_copy(update={"match_iou": 0.5}))
    assert len({row.rules for row in kept()}) == len(kept()) == 2


def test_an_excluded_reading_is_compared_with_nothing(settings, add_study, add_reading, two, kept):
    image = add_study("P1")["anterior"]
    add_reading(two[0], image, exclusion="unreadable")
    add_reading(two[1], image)
    assert keep_all(settings) == 0
    assert kept() == []


def test_a_hidden_repeat_is_compared_with_its_readers_own_reading_alone(
    settings, add_study, add_reading, two, box, kept
):
    image = add_study("P1")["anterior"]
    again, first, second = (add_reading(reader, image, box(100, 100, 9, 9)) for reader in (two[0], *two))
    with open_session(settings) as session:
        repeat = session.get(Reading, again)
        repeat.repeat, repeat.superseded_by = True, None
    keep_all(settings)
    assert [(row.reading_a, row.reading_b) for row in kept()] == [(first, second), (first, again)]


def test_a_reading_is_scored_against_the_reference_that_stands(
    settings, add_study, add_reading, two, box, kept, add_reference
):
    image = add_study("P1")["anterior"]
    lesion, doubtful = box(100, 100, 9, 9), box(300, 100, 4, 4)
    readings = add_reading(two[0], image, lesion, doubtful), add_reading(two[1], image, lesion)
    reference = add_reference(image, readings, lesion, ignored=[doubtful])
    keep_all(settings)
    rows = kept(ReadingScore)
    assert [(row.reading_id, row.against) for row in rows] == [(one, f"reference {reference}") for one in readings]
    assert [row.measures["lesions"] for row in rows] == 2 * [{"matched": 1, "missed": 0, "over_called": 0}]
    assert [row.measures["labels"]["metastasis"]["dice"] for row in rows] == [1, 1]
    assert keep_all(settings) == 0


def test_reading_a_sequestered_reference_is_audited(settings, add_study, add_reading, two, box, kept, add_reference):
    image = add_study("P1", patient="p", sequestered=True)["anterior"]
    readings = [add_reading(reader, image, box(100, 100, 9, 9)) for reader in two]
    add_reference(image, readings, box(100, 100, 9, 9))
    keep_comparisons(settings, [image])
    keep_comparisons(settings, [image])
    [entry] = kept(AuditEntry)
    assert (entry.action, entry.detail) == (
        "sequestered references read",
        {"purpose": "agreement", "patients": ["p"]},
    )


def test_edits_count_from_what_was_shown_last_before_the_reading(settings, add_study, add_reading, two, box, kept):
    image = add_study("P1")["anterior"]
    with open_session(settings) as session:
        assignment = Assignment(reader_id=two[0], study_id=session.get(Image, image).study_id, exposure="assisted")
        session.add(assignment)
        session.flush()
        for model, regions in (("m1", []), ("m2", [box(100, 100, 9, 9)])):
            sha256 = blobs_of(settings).put(encode(regions))
            session.add(ShownOutlines(assignment_id=assignment.id, image_id=image, model=model, regions_sha256=sha256))
            session.flush()
    add_reading(two[0], image, box(100, 100, 9, 9), exposure="assisted")
    with open_session(settings) as session:
        sha256 = blobs_of(settings).put(encode([]))
        session.add(ShownOutlines(assignment_id=assignment.id, image_id=image, model="m3", regions_sha256=sha256))
    keep_all(settings)
    [row] = kept(ReadingScore)
    assert row.measures == {"shown": 1, "kept": 1, "reshaped": 0, "relabelled": 0, "deleted": 0, "added": 0}


def test_many_images_are_measured_by_more_than_one_process(
    settings, add_study, add_reading, two, box, kept, monkeypatch
):
    monkeypatch.setattr("backend.agreement.parallel.WORTH_A_PROCESS", 2)
    monkeypatch.setattr("backend.agreement.parallel.CHUNK", 1)
    for number in range(3):
        for image in add_study(f"P{number}").values():
            for reader in two:
                add_reading(reader, image, box(100, 100 + reader, 9, 9))
    steps = []
    assert keep_all(settings, processes=2, advance=lambda done, total: steps.append((done, total))) == 6
    assert steps == [(6, 6)]
    assert {row.measures["lesions"]["matched"] for row in kept()} == {1}


def test_a_page_measures_little_and_leaves_much(settings, add_study, add_reading, two, box, kept, monkeypatch):
    for image in add_study("P1").values():
        for reader in two:
            add_reading(reader, image, box(100, 100, 9, 9))
    monkeypatch.setattr("backend.agreement.keep.FEW", 1)
    assert (keep_few(settings), len(kept())) == (2, 0)
    monkeypatch.undo()
    assert (keep_few(settings), len(kept())) == (0, 2)
