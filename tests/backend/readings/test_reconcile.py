"""Webhooks get lost, repeat and overtake each other; what counts in the end is what Label Studio holds."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from sqlalchemy import delete

from backend.errors import ReadingError
from backend.readings.receive import receive_label_studio, receive_webhook
from backend.readings.reconcile import reconcile
from backend.settings import Settings
from backend.store.blobs import blobs_of, vault_of
from backend.store.readings import reading_regions
from backend.store.session import open_session
from backend.store.tables import Reading, Withdrawal


def now() -> datetime:
    return datetime.now(UTC)


def created(files: Any, annotation: dict[str, Any]) -> dict[str, Any]:
    return dict(files.webhook("ANNOTATION_CREATED", files.task(), annotation))


def updated(files: Any, annotation: dict[str, Any]) -> dict[str, Any]:
    return dict(files.webhook("ANNOTATION_UPDATED", files.task(), annotation))


def test_a_submitted_annotation_is_sealed_without_the_projects_token(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    receipt = receive_webhook(settings, created(files, files.annotation(1, {"anterior": [files.LESION]})))
    assert (receipt.new, receipt.changed) == (2, set(study.values()))
    assert b"secret" not in vault_of(settings).get(all_readings()[0].arrived_sha256)


def test_a_deleted_annotation_is_kept_but_counts_no_longer(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any], what_counts: Any
) -> None:
    receive_webhook(settings, created(files, files.annotation(1)))
    receipt = receive_webhook(settings, files.deletion(1))
    assert receipt.changed == set(study.values())
    assert what_counts() == []
    assert [row.withdrawn for row in all_readings()] == [True, True]


def test_when_the_newest_annotation_is_deleted_the_one_before_counts_again(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    receive_webhook(settings, created(files, files.annotation(1, {"anterior": [files.LESION]}, minutes=1)))
    receive_webhook(settings, created(files, files.annotation(2, {"anterior": [files.BLADDER]}, minutes=2)))
    receive_webhook(settings, files.deletion(2))
    counting = [row for row in all_readings() if not row.withdrawn and row.superseded_by is None]
    assert {row.submitted for row in counting} == {files.at(1)}


def test_skipping_after_submitting_takes_the_reading_back_until_it_is_submitted_again(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    receive_webhook(settings, created(files, files.annotation(1, minutes=1)))
    receive_webhook(settings, updated(files, files.annotation(1, minutes=2, was_cancelled=True)))
    assert what_counts() == []
    receive_webhook(settings, updated(files, files.annotation(1, minutes=3)))
    assert len(what_counts()) == 2


def test_a_deletion_leaves_an_imported_file_with_the_same_number_alone(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    receive_label_studio(settings, files.export(files.task(files.annotation(1))), source="export.json")
    receive_webhook(settings, files.deletion(1))
    reconcile(settings, "anna", [files.task()], now())
    assert len(what_counts()) == 2


def test_an_export_of_the_same_server_goes_with_its_annotation(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    receive_label_studio(settings, files.export(files.task(files.annotation(1))), source="export.json")
    receive_webhook(settings, created(files, files.annotation(1)))
    receive_webhook(settings, files.deletion(1))
    assert what_counts() == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": None}, "no action"),
        ({"project": {"id": 77}}, "belongs to no reader"),
        ({"project": None}, "project"),
        ({"task": []}, "task"),
        ({"annotation": None}, "annotation"),
        ({"annotation": {"id": 1, "completed_by": 12, "result": []}}, "somebody else"),
        ({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": "x"}]}, "annotations"),
        ({"action": "ANNOTATIONS_DELETED"}, "annotations"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_event_is_refused_by_name(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Any, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReadingError, match=message):
        receive_webhook(settings, created(files, files.annotation(1)) | change)
    assert all_readings() == []


@pytest.mark.parametrize("document", [[], "text", None, {}])
def test_what_is_no_event_is_refused(settings: Settings, study: dict[str, int], document: object) -> None:
    with pytest.raises(ReadingError, match="no event of Label Studio"):
        receive_webhook(settings, document)


def test_other_events_change_nothing(settings: Settings, study: dict[str, int]) -> None:
    assert receive_webhook(settings, {"action": "PROJECT_UPDATED"}).new == 0


def test_reconciling_receives_what_the_webhooks_lost(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    task = files.task(files.annotation(1, {"anterior": [files.LESION]}))
    assert reconcile(settings, "anna", [task], now()).new == 2
    again = reconcile(settings, "anna", [task], now())
    assert (again.new, again.changed, again.errors) == (0, frozenset(), ())


def test_an_image_ingested_late_gets_its_reading_at_the_next_look(
    settings: Settings, study: dict[str, int], add_study: Any, files: Any
) -> None:
    task = files.task(files.annotation(1), study="late")
    first = reconcile(settings, "anna", [task], now())
    assert (first.new, len(first.errors)) == (0, 2)
    add_study("late")
    assert reconcile(settings, "anna", [task], now()).new == 2


def test_a_list_made_before_a_submission_does_not_take_it_back(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    listed = files.at(0)
    receive_webhook(settings, created(files, files.annotation(1, minutes=1)))
    reconcile(settings, "anna", [files.task()], listed)
    assert len(what_counts()) == 2


def test_a_withdrawal_that_proves_wrong_is_forgotten(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    receive_webhook(settings, created(files, files.annotation(1)))
    reconcile(settings, "anna", [files.task()], now())
    assert what_counts() == []
    reconcile(settings, "anna", [files.task(files.annotation(1))], now() + timedelta(seconds=1))
    assert len(what_counts()) == 2


def test_tasks_that_are_gone_take_nothing_back(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any
) -> None:
    receive_webhook(settings, created(files, files.annotation(1)))
    reconcile(settings, "anna", [files.task(number=10)], now())
    reconcile(settings, "anna", [], now())
    assert len(what_counts()) == 2


@pytest.mark.parametrize(
    "task", [{"annotations": None}, {"annotations": [], "total_annotations": 1}, {"annotations": [1]}]
)
def test_a_task_listed_without_its_annotations_proves_nothing(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any, task: dict[str, Any]
) -> None:
    receive_webhook(settings, created(files, files.annotation(1)))
    receipt = reconcile(settings, "anna", [files.task() | task], now())
    assert "ask for all fields" in str(receipt.errors[0])
    assert len(what_counts()) == 2


def life(files: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Everything that happened to one task, in order, and what the server holds at the end."""
    first = files.annotation(1, {"anterior": [files.LESION]}, minutes=1)
    other = files.annotation(1, {"anterior": [files.BLADDER], "posterior": [files.LESION]}, minutes=2)
    back = files.annotation(1, {"anterior": [files.LESION]}, minutes=3)
    second = files.annotation(2, {"posterior": [files.BLADDER]}, minutes=4)
    skipped = files.annotation(3, minutes=5)
    events = [
        created(files, first),
        updated(files, other),
        updated(files, back),
        created(files, second),
        created(files, skipped),
        updated(files, skipped | {"was_cancelled": True, "updated_at": files.at(6).isoformat()}),
        files.deletion(2),
    ]
    return events, files.task(back, skipped | {"was_cancelled": True, "updated_at": files.at(6).isoformat()})


def forget(settings: Settings) -> None:
    with open_session(settings) as session:
        session.execute(delete(Reading))
        session.execute(delete(Withdrawal))


LENIENT = budget(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LENIENT
@given(data=st.data())
def test_any_order_with_repeats_ends_in_the_same_table(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any, data: st.DataObject
) -> None:
    events, _ = life(files)
    repeats = data.draw(st.lists(st.sampled_from(range(len(events))), max_size=4))
    order = data.draw(st.permutations([*range(len(events)), *repeats]))
    forget(settings)
    for index in order:
        receive_webhook(settings, copy.deepcopy(events[index]))
    assert_final(settings, study, files, what_counts())


@LENIENT
@given(data=st.data())
def test_lost_events_are_made_good_by_reconciling(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Any, data: st.DataObject
) -> None:
    events, final = life(files)
    arrived = data.draw(st.lists(st.sampled_from(range(len(events))), max_size=7))
    late = data.draw(st.lists(st.sampled_from(range(len(events))), max_size=3))
    forget(settings)
    for index in arrived:
        receive_webhook(settings, copy.deepcopy(events[index]))
    reconcile(settings, "anna", [copy.deepcopy(final)], now())
    for index in late:
        receive_webhook(settings, copy.deepcopy(events[index]))
    reconcile(settings, "anna", [copy.deepcopy(final)], now())
    assert_final(settings, study, files, what_counts())


def assert_final(settings: Settings, study: dict[str, int], files: Any, table: list[Any]) -> None:
    with open_session(settings) as session:
        rows = {row.image_id: row for row in session.query(Reading) if row.superseded_by is None and not row.withdrawn}
    assert {row[1] for row in table} == set(study.values())
    assert len(table) == 2
    assert reading_regions(blobs_of(settings), rows[study["anterior"]]) == (files.LESION,)
    assert reading_regions(blobs_of(settings), rows[study["posterior"]]) == ()


RECORDED = Path(__file__).parents[2] / "fixtures" / "label_studio"


def test_what_a_real_server_sent_goes_through(
    settings: Settings, add_reader: Any, add_study: Any, call_image: Any, all_readings: Any
) -> None:
    add_reader("anna", 1, user=2, project=2)
    images = add_study("s1")
    call_image(images["anterior"], "scan001_ant.png")
    for event in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"):
        body = json.loads((RECORDED / f"projectwebhook_{event}.json").read_text(encoding="utf-8"))["body"]
        receive_webhook(settings, body)
    created_row, updated_row = all_readings()
    assert created_row.superseded_by == updated_row.id
    assert [len(reading_regions(blobs_of(settings), row)) for row in (created_row, updated_row)] == [2, 1]
    assert updated_row.seconds == 20.0
