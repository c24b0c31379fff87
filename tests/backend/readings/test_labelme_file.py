"""Labelme files become sealed readings."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from backend.errors import ImageUnknown, InputError, NotFound, ReadingError
from backend.readings.receive import receive_labelme
from backend.settings import Settings
from backend.store.blobs import blobs_of, vault_of
from backend.store.readings import reading_masks, reading_regions
from backend.store.session import open_session
from backend.store.tables import Assignment, Image, Study
from converters.labelme import write_labelme
from converters.regions import MaskPatch, Polygon, Region


def inside(image: bytes) -> dict[str, str]:
    return {"imageData": base64.b64encode(image).decode()}


def receive(settings: Settings, content: bytes, at: Any, reader: str = "anna") -> Any:
    return receive_labelme(settings, content, reader=reader, submitted=at, source="file.json")


def test_the_arrived_file_is_kept_and_the_document_names_nobody(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    content = files.labelme(replace(files.LESION, identifier="Mustermann"), files.BLADDER)
    receipt = receive(settings, content, files.at(0))
    (reading,) = all_readings()
    assert (receipt.new, receipt.changed) == (1, {study["anterior"]})
    assert vault_of(settings).get(reading.arrived_sha256) == content
    assert b"Mustermann" not in blobs_of(settings).get(reading.regions_sha256)
    assert reading_regions(blobs_of(settings), reading) == (files.LESION, files.BLADDER)
    assert reading.certificate["source_sha256"] == reading.arrived_sha256
    assert reading.certificate["round_trip_dice"] == {"metastasis": 1.0, "bladder": 1.0}


def test_where_labels_overlap_the_bladder_wins(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    receive(settings, files.labelme(replace(files.BLADDER, label="metastasis"), files.BLADDER), files.at(0))
    (reading,) = all_readings()
    masks = reading_masks(blobs_of(settings), reading)
    assert (masks.metastasis.sum(), masks.bladder.sum()) == (0, 900)
    assert reading.certificate["overlap_pixels"] == 900


def test_a_file_without_shapes_is_a_reading_without_findings(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    assert receive(settings, files.labelme(), files.at(0)).new == 1
    assert not reading_masks(blobs_of(settings), all_readings()[0]).metastasis.any()


def test_an_unreadable_image_is_an_exclusion_with_its_reason(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    receive(settings, files.labelme(flags={"unreadable": True}), files.at(0))
    assert all_readings()[0].exclusion == "unreadable"


def test_the_same_file_again_changes_nothing(settings: Settings, study: dict[str, int], files: Any) -> None:
    receive(settings, files.labelme(files.LESION), files.at(0))
    again = receive(settings, files.labelme(files.LESION), files.at(0))
    assert (again.new, again.repeated, again.changed) == (0, 1, frozenset())


def test_the_same_file_with_a_later_date_changes_nothing_that_counts(
    settings: Settings, study: dict[str, int], files: Any, what_counts: Callable[[], Any]
) -> None:
    receive(settings, files.labelme(files.LESION), files.at(0))
    before = what_counts()
    assert receive(settings, files.labelme(files.LESION), files.at(5)).changed == frozenset()
    assert what_counts() == before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_the_newest_file_counts_whichever_arrives_last(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any], order: tuple[int, ...]
) -> None:
    revisions = [files.labelme(files.LESION), files.labelme(files.BLADDER), files.labelme(files.LESION)]
    for index in order:
        receive(settings, revisions[index], files.at(index))
    (counting,) = [row for row in all_readings() if row.superseded_by is None]
    assert counting.submitted == files.at(2)
    assert reading_regions(blobs_of(settings), counting) == (files.LESION,)


def test_outlines_on_the_original_image_are_mapped_to_the_grid(
    settings: Settings, study: dict[str, int], add_study: Any, files: Any, all_readings: Callable[[], Any]
) -> None:
    add_study("big", shape=(2048, 512))
    square = Polygon(((20.0, 40.0), (60.0, 40.0), (60.0, 80.0), (20.0, 80.0)))
    painted = MaskPatch(100, 200, np.ones((4, 6), bool))
    content = write_labelme([Region("bladder", square), Region("metastasis", painted)], "big\\anterior.png", 2048, 512)
    receive(settings, content, files.at(0))
    masks = reading_masks(blobs_of(settings), all_readings()[0])
    assert masks.bladder[20:40, 10:30].all()
    assert masks.bladder.sum() == 400
    assert masks.metastasis[100:102, 50:53].all()
    assert masks.metastasis.sum() == 6


def embedded(settings: Settings, image_id: int) -> bytes:
    with open_session(settings) as session:
        image = session.get(Image, image_id)
        assert image is not None
        return blobs_of(settings).get(image.low_sha256 or "")


def resized(png: bytes, rows: int, columns: int) -> bytes:
    content = io.BytesIO()
    with Picture.open(io.BytesIO(png)) as picture:
        picture.resize((columns, rows), Picture.Resampling.BILINEAR).save(content, format="PNG")
    return content.getvalue()


def test_a_file_with_our_image_inside_is_taken(settings: Settings, study: dict[str, int], files: Any) -> None:
    content = files.labelme(files.LESION, kept=inside(embedded(settings, study["anterior"])))
    assert receive(settings, content, files.at(0)).new == 1


def test_a_file_with_the_original_image_inside_is_taken(
    settings: Settings, study: dict[str, int], add_study: Any, files: Any
) -> None:
    images = add_study("big", shape=(2048, 512))
    original = resized(embedded(settings, images["anterior"]), 2048, 512)
    content = write_labelme([files.LESION], "big/anterior.png", 2048, 512, kept=inside(original))
    assert receive(settings, content, files.at(0)).new == 1


@pytest.mark.parametrize(("image", "shape"), [("s1_anterior_low.png", (1024, 256)), ("big/anterior.png", (2048, 512))])
def test_a_known_name_with_another_scan_inside_is_refused(
    settings: Settings, study: dict[str, int], add_study: Any, files: Any, image: str, shape: tuple[int, int]
) -> None:
    add_study("big", shape=(2048, 512))
    other = resized(embedded(settings, study["posterior"]), *shape)
    with pytest.raises(ReadingError, match="may belong to another scan"):
        receive(settings, write_labelme([files.LESION], image, *shape, kept=inside(other)), files.at(0))


def test_exposure_is_what_the_worklist_says_was_shown(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    with open_session(settings) as session:
        chosen = session.query(Study).one().id
        session.add(Assignment(reader_id=1, study_id=chosen, exposure="assisted", shown_model="model-1"))
        session.add(Assignment(reader_id=2, study_id=chosen, exposure="blind"))
    receive(settings, files.labelme(files.LESION), files.at(0), "anna")
    receive(settings, files.labelme(files.LESION), files.at(0), "bela")
    assert [(row.exposure, row.shown_model) for row in all_readings()] == [("assisted", "model-1"), ("blind", None)]


def test_an_untouched_suggestion_betrays_a_model_that_nobody_noted(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Callable[[], Any]
) -> None:
    receive(settings, files.labelme(replace(files.LESION, suggested=True)), files.at(0))
    assert all_readings()[0].exposure == "assisted"


BAD: dict[str, tuple[bytes | Callable[[Any], bytes], type[InputError], str]] = {
    "empty file": (b"", ReadingError, "empty"),
    "not JSON": (b"\x89PNG", ReadingError, "not JSON"),
    "half-written": (lambda files: files.labelme(files.LESION)[:-40], ReadingError, "not JSON"),
    "JSON of another schema": (b'{"images": []}', ReadingError, "shapes"),
    "no image named": (b'{"shapes": [], "imagePath": ""}', ReadingError, "imagePath"),
    "unknown label": (
        lambda files: files.labelme(files.BLADDER, files.LESION).replace(b'"metastasis"', b'"kidney"'),
        ReadingError,
        r"shapes\[1\].label",
    ),
    "two-point polygon": (
        lambda files: files.labelme(Region("bladder", Polygon(((1.0, 1.0), (5.0, 5.0))))),
        ReadingError,
        r"shapes\[0\].points",
    ),
    "not a number": (lambda files: files.labelme(files.LESION).replace(b"20.25", b"NaN"), ReadingError, "shapes"),
    "outside the image": (
        lambda files: files.labelme(Region("bladder", Polygon(((300.0, 1.0), (310.0, 1.0), (310.0, 9.0))))),
        ReadingError,
        "outside the image",
    ),
    "unknown image": (lambda files: files.labelme(image="other_anterior_low.png"), ImageUnknown, "no study has"),
    "ambiguous image": (lambda files: files.labelme(image="shared.png"), ImageUnknown, "2 images are called"),
    "another size": (
        lambda files: write_labelme([files.LESION], "s1_anterior_low.png", 512, 128),
        ReadingError,
        "512 rows × 128 columns",
    ),
    "image inside is no image": (
        lambda files: files.labelme(files.LESION, kept=inside(b"nothing")),
        ReadingError,
        "imageData",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_by_name_and_leaves_nothing(
    settings: Settings, study: dict[str, int], files: Any, all_readings: Any, call_image: Any, case: str
) -> None:
    for image_id in study.values():
        call_image(image_id, "shared.png")
    made, error, message = BAD[case]
    with pytest.raises(error, match=message) as caught:
        receive(settings, made if isinstance(made, bytes) else made(files), files.at(0))
    assert caught.value.source == "file.json"
    assert all_readings() == []
    assert not vault_of(settings).folder.exists()


def test_an_unknown_reader_is_named_with_those_there_are(settings: Settings, study: dict[str, int], files: Any) -> None:
    with pytest.raises(NotFound, match="'cleo'; the readers are: anna, bela"):
        receive(settings, files.labelme(), files.at(0), "cleo")
