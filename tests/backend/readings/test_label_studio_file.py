"""Label Studio exports become sealed readings, two for each task of a whole study."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.labelstudio.layout import NO_IMAGE
from backend.readings.receive import Receipt, receive_label_studio, receive_labelme
from backend.settings import Settings
from backend.store.blobs import blobs_of, vault_of
from backend.store.images import encode_png
from backend.store.readings import reading_masks, reading_regions
from converters.regions import LABELS, Mask, Polygon, Region


def receive(settings: Settings, content: bytes, reader: str | None = None, **more: Any) -> Receipt:
    return receive_label_studio(settings, content, source="export.json", reader=reader, **more)


def png(mask: Mask) -> bytes:
    return encode_png(mask.astype(np.uint8) * 255)


def choice(control: str, to_name: str, value: str) -> dict[str, Any]:
    return {"from_name": control, "to_name": to_name, "type": "choices", "id": "c", "value": {"choices": [value]}}


def test_a_task_brings_two_readings(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    drawn = {"anterior": [files.LESION, files.BLADDER], "posterior": [files.BLADDER]}
    content = files.export(files.task(files.annotation(1, drawn, minutes=3)))
    assert receive(settings, content).new == 2
    readings = {row.image_id: row for row in all_readings()}
    anterior = readings[study["anterior"]]
    assert reading_regions(blobs_of(settings), anterior) == (files.LESION, files.BLADDER)
    assert reading_regions(blobs_of(settings), readings[study["posterior"]]) == (files.BLADDER,)
    assert (anterior.submitted, anterior.seconds) == (files.at(3), 12.5)
    assert vault_of(settings).get(anterior.arrived_sha256) == content


def test_an_empty_annotation_says_no_findings_on_both_projections(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    assert receive(settings, files.export(files.task(files.annotation(1)))).new == 2
    assert {row.image_id for row in all_readings()} == set(study.values())
    assert not any(reading_masks(blobs_of(settings), row).metastasis.any() for row in all_readings())


def test_skipped_tasks_drafts_and_predictions_are_no_readings(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    drawn = files.annotation(1, {"anterior": [files.LESION]})
    task = files.task(drawn | {"was_cancelled": True}, drafts=[drawn], predictions=[drawn])
    receipt = receive(settings, files.export(task))
    assert (receipt.new, receipt.passed_over, receipt.errors) == (0, 3, ())
    assert all_readings() == []


def test_a_projection_is_excluded_by_its_own_choice_only(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    annotation = files.annotation(1, {"anterior": [files.LESION]})
    annotation["result"].append(choice("posterior_exclusion", "posterior", "unreadable"))
    receive(settings, files.export(files.task(annotation)))
    exclusions = {row.image_id: row.exclusion for row in all_readings()}
    assert exclusions == {study["anterior"]: None, study["posterior"]: "unreadable"}


def test_a_study_of_one_projection_brings_one_reading(
    settings: Settings, study: dict[str, int], add_study: Any, files: Any
) -> None:
    add_study("half", projections=("anterior",))
    task = files.task(files.annotation(1), study="half")
    for tag in ("posterior", "posterior_high"):
        task["data"][tag] = f"/data/local-files/?d=readers/1/{NO_IMAGE}"
    receipt = receive(settings, files.export(task))
    assert (receipt.new, receipt.errors) == (1, ())


def test_outlines_on_the_high_window_belong_to_the_same_image(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    drawn = {"anterior": [files.LESION], "anterior_high": [files.BLADDER]}
    receive(settings, files.export(files.task(files.annotation(1, drawn))))
    row = next(row for row in all_readings() if row.image_id == study["anterior"])
    assert reading_regions(blobs_of(settings), row) == (files.LESION, files.BLADDER)


def test_an_older_export_with_one_image_per_task_is_read(settings: Settings, study: dict[str, int], files: Any) -> None:
    annotation = files.annotation(1, {"image": [files.LESION]})
    annotation["result"].append(choice("quality", "image", "cannot be settled"))
    task = files.task(annotation) | {"data": {"image": "/data/local-files/?d=scans/s1_posterior_low.png"}}
    receipt = receive(settings, files.export(task))
    assert (receipt.new, receipt.changed, receipt.errors) == (1, {study["posterior"]}, ())


def test_readers_are_told_apart_by_who_completed(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Callable[[], Any]
) -> None:
    annotations = [files.annotation(1), files.annotation(2, completed_by={"id": 12, "email": "x"})]
    assert receive(settings, files.export(files.task(*annotations))).new == 4
    assert sorted(row[0] for row in what_counts()) == ["anna", "anna", "bela", "bela"]


def test_an_unknown_user_is_the_reader_that_the_importer_names(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Callable[[], Any]
) -> None:
    receive(settings, files.export(files.task(files.annotation(1, completed_by=77))), reader="bela")
    assert {row[0] for row in what_counts()} == {"bela"}


def test_labelme_and_label_studio_give_byte_identical_masks(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    third = Region("metastasis", Polygon(((50.1, 200.7), (61.3333333, 200.0), (63.9, 207.5), (50.0, 211.123456))))
    drawn = [files.LESION, third, files.BLADDER]
    receive(settings, files.export(files.task(files.annotation(1, {"anterior": drawn}))))
    receive_labelme(settings, files.labelme(*drawn), reader="bela", submitted=files.at(0), source="x")
    a, b = [row for row in all_readings() if row.image_id == study["anterior"]]
    assert a.regions_sha256 == b.regions_sha256
    masks = [reading_masks(blobs_of(settings), row) for row in (a, b)]
    assert all(png(masks[0][label]) == png(masks[1][label]) for label in LABELS)


def test_importing_twice_changes_nothing(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    content = files.export(files.task(files.annotation(1, {"anterior": [files.LESION]})))
    receive(settings, content)
    before = [(row.id, row.origin, row.superseded_by) for row in all_readings()]
    again = receive(settings, content)
    assert (again.new, again.repeated, again.changed) == (0, 2, frozenset())
    assert [(row.id, row.origin, row.superseded_by) for row in all_readings()] == before


def test_a_bad_region_refuses_its_image_and_no_other(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    annotation = files.annotation(1, {"anterior": [files.LESION], "posterior": [files.LESION, files.BLADDER]})
    annotation["result"][2]["value"]["polygonlabels"] = ["kidney"]
    receipt = receive(settings, files.export(files.task(annotation)))
    assert {row.image_id for row in all_readings()} == {study["anterior"]}
    (error,) = receipt.errors
    assert "task 9, annotation 1" in str(error)
    assert "unknown label 'kidney'" in str(error)


def with_region(files: Any, **changes: Any) -> bytes:
    """A task of one image whose only region is changed."""
    annotation = files.annotation(1, {"anterior": [files.LESION]})
    annotation["result"][0] |= changes
    task = files.task(annotation)
    return bytes(files.export(task | {"data": {"anterior": task["data"]["anterior"]}}))


BAD: dict[str, tuple[Callable[[Any], bytes], str]] = {
    "empty file": (lambda files: b" ", "empty"),
    "not JSON": (lambda files: b"<html>", "not JSON"),
    "half-written": (lambda files: files.export(files.task(files.annotation(1)))[:-9], "not JSON"),
    "JSON of another schema": (lambda files: b'{"images": [], "categories": []}', "export as JSON"),
    "task without data": (lambda files: b'[{"id": 3}]', "no `data`"),
    "task without images": (lambda files: files.export(files.task(files.annotation(1)) | {"data": {}}), "no image"),
    "another project": (lambda files: files.export(files.task(files.annotation(1), study="else")), "no study has"),
    "nobody's annotation": (lambda files: files.export(files.task(files.annotation(1, completed_by=99))), "user 99"),
    "two points": (lambda files: with_region(files, value=TWO_POINTS), "at least 3 points"),
    "not a number": (lambda files: with_region(files, value=TWO_POINTS | {"points": [["x", 1]] * 3}), "not a number"),
    "another tag": (lambda files: with_region(files, to_name="elsewhere"), "'elsewhere' is not one of the task's"),
    "no list of regions": (lambda files: files.export(files.task(files.annotation(1) | {"result": None})), "no list"),
    "no time": (lambda files: files.export(files.task(files.annotation(1, updated_at="yesterday"))), "ISO 8601"),
    "another size": (
        lambda files: with_region(files, original_height=512, original_width=128),
        "512 rows × 128 columns",
    ),
}
TWO_POINTS = {"points": [[1, 1], [2, 2]], "closed": True, "polygonlabels": ["bladder"]}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_export_is_named_and_leaves_nothing(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any], case: str
) -> None:
    made, message = BAD[case]
    receipt = receive(settings, made(files))
    assert receipt.errors
    assert "export.json" in str(receipt.errors[0])
    assert message in str(receipt.errors[0])
    assert all_readings() == []
    assert not vault_of(settings).folder.exists()


def test_an_export_of_our_own_project_is_not_taken_for_another_readers(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    receipt = receive(settings, files.export(files.task(files.annotation(1), project=5)), reader="bela")
    assert "user 11 is 'anna', not 'bela'" in str(receipt.errors[0])
    assert all_readings() == []


def test_user_numbers_of_another_server_mean_nothing_here(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Callable[[], Any]
) -> None:
    receive(settings, files.export(files.task(files.annotation(1), project=99)), reader="bela")
    assert {row[0] for row in what_counts()} == {"bela"}


def test_several_unknown_users_are_not_lumped_together(settings: Settings, study: dict[str, int], files: Any) -> None:
    annotations = [files.annotation(number, completed_by=70 + number) for number in (1, 2)]
    receipt = receive(settings, files.export(files.task(*annotations)), reader="bela")
    assert receipt.new == 0
    assert all("several unknown users (71, 72)" in str(error) for error in receipt.errors)


def test_suggested_regions_keep_their_score(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    suggestion = replace(files.LESION, score=0.75, suggested=True)
    receive(settings, files.export(files.task(files.annotation(1, {"anterior": [suggestion]}))))
    row = next(row for row in all_readings() if row.image_id == study["anterior"])
    assert reading_regions(blobs_of(settings), row) == (suggestion,)
    assert row.exposure == "assisted"
