"""Whatever happens to one place of a file, nothing that was drawn vanishes or changes without a word."""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.document import parse_json
from converters.drawn import Dialect, Found, Origin
from converters.errors import ConversionError
from converters.label_studio_images import drawn_of_task
from converters.labelme import LabelmeDocument, read_labelme
from converters.rasterise import draw
from converters.regions import LABELS
from tests.fuzz.mutate import edited
from tests.fuzz.seeds import labelme_document, studio_export

LABELME = labelme_document()
TASK = studio_export()[0]
SIZE = (64, 40)
DRAWN_BY = ("label", "points", "shape_type", "group_id", "mask")
AREAS = ("polygonlabels", "rectanglelabels", "ellipselabels", "brushlabels", "bitmasklabels")


def masks(regions):
    drawing = draw(regions, SIZE)
    return np.stack([drawing.masks[label] for label in LABELS])


def labelme(content) -> LabelmeDocument | ConversionError:
    try:
        return read_labelme(content, "case.json", keep_marks=True)
    except ConversionError as error:
        return error


def studio(content) -> Found | ConversionError:
    try:
        task = parse_json(content, "export.json")
        origin = Origin("export.json", "0", "label-studio", "")
        return drawn_of_task(task, "[0]", origin, Path("nowhere"), Dialect(keep_marks=True))
    except ConversionError as error:
        return error


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**40))
def test_every_shape_of_an_edited_labelme_file_is_a_region_a_mark_a_hole_or_a_problem(number):
    content = edited(json.dumps(LABELME).encode(), random.Random(number))
    document = labelme(content)
    if isinstance(document, ConversionError):
        assert document.source == "case.json"
        return
    shapes = json.loads(content)["shapes"]
    holes = [note for note in document.notes if "is a hole" in note]
    of_shapes = [problem for problem in document.problems if (problem.field or "").startswith("shapes[")]
    assert len(shapes) == len(document.regions) + len(document.marks) + len(holes) + len(of_shapes)
    assert all(problem.source == "case.json" and problem.field for problem in document.problems)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**40))
def test_an_edit_beside_the_outlines_of_a_labelme_file_changes_no_mask(number):
    content = edited(json.dumps(LABELME).encode(), random.Random(number))
    document = labelme(content)
    if isinstance(document, ConversionError) or document.problems:
        return
    drawn = [{key: shape.get(key) for key in DRAWN_BY} for shape in json.loads(content)["shapes"]]
    if drawn == [{key: shape.get(key) for key in DRAWN_BY} for shape in LABELME["shapes"]]:
        original = read_labelme(json.dumps(LABELME).encode(), "case.json", keep_marks=True)
        assert np.array_equal(masks(document.regions), masks(original.regions))


def test_the_unedited_files_are_read_whole():
    assert not labelme(json.dumps(LABELME).encode()).problems
    assert is_whole(studio(json.dumps(TASK).encode()))


def readings(found: Found):
    """Per reader and image the masks."""
    return {(one.reader, one.image): masks(one.regions) for one in found.images if one.shape == SIZE}


def is_whole(found: Found | ConversionError) -> bool:
    return isinstance(found, Found) and not found.problems and not any(one.problems for one in found.images)


def reader_of(by):
    number = by.get("id") if isinstance(by, dict) else by
    return number if type(number) is int else None


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**40))
def test_an_edited_label_studio_task_loses_no_area_without_a_problem(number):
    content = edited(json.dumps(TASK).encode(), random.Random(number))
    found = studio(content)
    if not is_whole(found):
        return
    task = json.loads(content)
    read: Counter[str] = Counter()
    for one in found.images:
        read[str(one.reader)] += len({region.identifier for region in one.regions})
    for annotation in task.get("annotations", []):
        entries = [entry for entry in annotation.get("result", []) if entry.get("type") in AREAS]
        reader = str(reader_of(annotation.get("completed_by")))
        superseded = len(task.get("annotations", [])) > 1 and any(
            "older" in n for one in found.images for n in one.notes
        )
        assert (
            annotation.get("was_cancelled") or superseded or read[reader] >= len({entry.get("id") for entry in entries})
        )


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**40))
def test_an_edit_beside_the_results_of_a_label_studio_task_changes_no_mask(number):
    content = edited(json.dumps(TASK).encode(), random.Random(number))
    found = studio(content)
    if not is_whole(found):
        return
    task = json.loads(content)
    same = all(task.get(key) == TASK[key] for key in ("annotations", "data"))
    if same:
        original = readings(studio(json.dumps(TASK).encode()))
        assert readings(found).keys() == original.keys()
        assert all(np.array_equal(mask, original[key]) for key, mask in readings(found).items())
