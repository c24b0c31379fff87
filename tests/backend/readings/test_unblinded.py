"""What is said or taken back once the reference is written, by a reader who could know it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.readings.receive import receive_label_studio, receive_labelme, receive_webhook
from backend.readings.reconcile import reconcile
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Reference, Withdrawal

Images = dict[str, int]


@pytest.fixture
def write_reference(settings: Settings, files: Any) -> Callable[..., None]:
    """`write_reference(image_id, minutes)`: one more reference, by the clock of `files.at`."""

    def write(image_id: int, minutes: float) -> None:
        with open_session(settings) as session:
            session.add(Reference(image_id=image_id, status="agreed", rule="test", created=files.at(minutes)))

    return write


def submit(settings: Settings, files: Any, number: int, minutes: float, *drawn: Any, **more: Any) -> Any:
    annotation = files.annotation(number, {"anterior": list(drawn)}, minutes=minutes, **more)
    return receive_webhook(settings, files.webhook("ANNOTATION_UPDATED", files.task(), annotation))


def anterior(study: Images, rows: list[Any]) -> list[tuple[datetime, bool, bool, bool]]:
    """Submitted, unblinded, withdrawn, superseded of each reading of the anterior image, in order of submission."""
    theirs = sorted((row for row in rows if row.image_id == study["anterior"]), key=lambda row: row.submitted)
    return [(row.submitted, row.unblinded, row.withdrawn, row.superseded_by is not None) for row in theirs]


def test_a_revision_before_the_reference_replaces_the_reading(
    settings: Settings, study: Images, files: Any, all_readings: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    receipt = submit(settings, files, 1, 2, files.BLADDER)
    assert study["anterior"] in receipt.changed
    assert anterior(study, all_readings()) == [(files.at(1), False, False, True), (files.at(2), False, False, False)]


def test_a_revision_after_the_reference_is_kept_and_counts_nowhere(
    settings: Settings, study: Images, files: Any, all_readings: Any, what_counts: Any, write_reference: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    before = what_counts()
    write_reference(study["anterior"], 2)
    receipt = submit(settings, files, 1, 3, files.BLADDER)
    assert (receipt.new, receipt.changed & {study["anterior"]}) == (2, set())
    assert [row for row in what_counts() if row[1] == study["anterior"]] == [
        row for row in before if row[1] == study["anterior"]
    ]
    assert anterior(study, all_readings()) == [(files.at(1), False, False, False), (files.at(3), True, False, False)]


def test_the_other_projection_without_a_reference_may_still_be_revised(
    settings: Settings, study: Images, files: Any, all_readings: Any, write_reference: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    write_reference(study["anterior"], 2)
    annotation = files.annotation(1, {"posterior": [files.LESION]}, minutes=3)
    receipt = receive_webhook(settings, files.webhook("ANNOTATION_UPDATED", files.task(), annotation))
    assert receipt.changed == {study["posterior"]}


def test_a_late_message_of_an_early_revision_counts(
    settings: Settings, study: Images, files: Any, all_readings: Any, write_reference: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    write_reference(study["anterior"], 3)
    receipt = submit(settings, files, 1, 2, files.BLADDER)
    assert study["anterior"] in receipt.changed
    assert anterior(study, all_readings())[1] == (files.at(2), False, False, False)


def test_the_first_reading_of_a_third_reader_is_blind_though_the_reference_stands(
    settings: Settings, study: Images, files: Any, all_readings: Any, write_reference: Any
) -> None:
    write_reference(study["anterior"], 0)
    receipt = submit(settings, files, 1, 1, files.LESION)
    assert study["anterior"] in receipt.changed
    write_reference(study["anterior"], 2)
    submit(settings, files, 1, 3, files.BLADDER)
    assert [row[1] for row in anterior(study, all_readings())] == [False, True]


@pytest.mark.parametrize("way", ["deleted", "skipped", "gone when reconciled"])
def test_what_is_taken_back_after_the_reference_goes_on_counting_and_is_noted(
    settings: Settings, study: Images, files: Any, all_readings: Any, what_counts: Any, write_reference: Any, way: str
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    for image in study.values():
        write_reference(image, 2)
    before = what_counts()
    if way == "deleted":
        receipt = receive_webhook(settings, files.deletion(1))
    elif way == "skipped":
        receipt = submit(settings, files, 1, 3, was_cancelled=True)
    else:
        receipt = reconcile(settings, "anna", [files.task()], datetime.now(UTC))
    assert receipt.changed == set()
    assert what_counts() == before
    with open_session(settings) as session:
        assert [row.annotation for row in session.query(Withdrawal)] == [1]
    assert anterior(study, all_readings()) == [(files.at(1), False, False, False)]


def test_reconciling_again_and_again_notes_a_late_withdrawal_once(
    settings: Settings, study: Images, files: Any, write_reference: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    for image in study.values():
        write_reference(image, 2)
    noted = []
    for hours in range(3):
        reconcile(settings, "anna", [files.task()], datetime.now(UTC) + timedelta(hours=hours))
        with open_session(settings) as session:
            noted.append(session.query(Withdrawal).one().at)
    assert len(set(noted)) == 1


def test_what_was_taken_back_before_the_reference_may_be_said_anew(
    settings: Settings, study: Images, files: Any, all_readings: Any, write_reference: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    submit(settings, files, 1, 2, was_cancelled=True)
    write_reference(study["anterior"], 3)
    receipt = submit(settings, files, 1, 4, files.BLADDER)
    assert study["anterior"] in receipt.changed
    assert anterior(study, all_readings())[-1] == (files.at(4), False, False, False)


@pytest.mark.parametrize("kind", ["labelme", "export"])
def test_a_file_is_as_old_as_its_arrival_whatever_it_says(
    settings: Settings, study: Images, files: Any, all_readings: Any, kind: str
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    with open_session(settings) as session:
        session.add(Reference(image_id=study["anterior"], status="agreed", rule="test"))
    if kind == "labelme":
        content = files.labelme(files.BLADDER)
        receive_labelme(settings, content, reader="anna", submitted=files.at(0), source="x.json")
    else:
        drawn = files.annotation(2, {"anterior": [files.BLADDER]}, minutes=0)
        receive_label_studio(settings, files.export(files.task(drawn)), source="export.json")
    assert [row[1] for row in anterior(study, all_readings())] == [True, False]


def test_an_export_of_what_the_server_has_told_already_is_as_old_as_on_the_server(
    settings: Settings, study: Images, files: Any, all_readings: Any
) -> None:
    submit(settings, files, 1, 1, files.LESION)
    with open_session(settings) as session:
        session.add(Reference(image_id=study["anterior"], status="agreed", rule="test"))
    drawn = files.annotation(1, {"anterior": [files.LESION]}, minutes=1)
    receive_label_studio(settings, files.export(files.task(drawn)), source="export.json")
    assert [row[1] for row in anterior(study, all_readings())] == [False, False]
