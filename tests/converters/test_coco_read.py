import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters import coco_annotations
from converters.coco import read_coco
from converters.drawn import Dialect, Origin
from converters.errors import LeftOut, UnreadableFile
from converters.rasterise import draw
from converters.regions import Mark
from converters.rle import decode_coco, encode_coco

ORIGIN = Origin("a.json", "", "coco", "")
OURS, KEEPING = Dialect(), Dialect(keep_marks=True)
ROWS, COLUMNS = 32, 24
SQUARE = [2.0, 3.0, 12.0, 3.0, 12.0, 13.0, 2.0, 13.0]


def image(number=1, **more):
    return {"id": number, "file_name": f"scans/{number}.png", "width": COLUMNS, "height": ROWS} | more


def annotation(number=1, category=1, **more):
    return {"id": number, "image_id": 1, "category_id": category, "segmentation": [SQUARE], "iscrowd": 0} | more


def document(*annotations, images=None, **more):
    categories = [{"id": 1, "name": "metastasis"}, {"id": 2, "name": "bladder"}]
    made = {"images": images or [image()], "annotations": list(annotations), "categories": categories}
    return json.loads(json.dumps(made | more))


def read(told, dialect=OURS):
    return read_coco(told, "a.json", ORIGIN, dialect)


def read_one(told, dialect=OURS):
    found = read(told, dialect)
    assert found.problems == ()
    (drawn,) = found.images
    return drawn


def covered(drawn, label="metastasis"):
    return draw(drawn.regions, drawn.shape).masks[label]


def test_polygons_are_read_by_pixel_centres():
    drawn = read_one(document(annotation()))
    assert covered(drawn).sum() == 100
    assert (drawn.stem, drawn.reader, drawn.image, drawn.shape) == ("1", None, "scans/1.png", (ROWS, COLUMNS))


def test_a_repeated_first_point_is_no_point_of_its_own():
    (region,) = read_one(document(annotation(segmentation=[SQUARE + SQUARE[:2]]))).regions
    assert len(region.shape.exterior) == 4


def test_polygons_of_one_annotation_are_parts_of_one_lesion():
    other = [14.0, 20.0, 18.0, 20.0, 18.0, 24.0, 14.0, 24.0]
    drawn = read_one(document(annotation(segmentation=[SQUARE, other]), annotation(2, segmentation=[other, SQUARE])))
    first, second, third, fourth = (region.group for region in drawn.regions)
    assert first == second != third == fourth
    assert covered(drawn).sum() == 116
    assert drawn.notes == ()


def test_a_polygon_inside_another_is_no_hole_and_noted():
    inner = [5.0, 5.0, 8.0, 5.0, 8.0, 8.0, 5.0, 8.0]
    drawn = read_one(document(annotation(segmentation=[SQUARE, inner])))
    assert covered(drawn).sum() == 100
    assert any(note.startswith("annotations[0]: ") and "no hole" in note for note in drawn.notes)


@pytest.mark.parametrize("counts", ["compressed", "uncompressed"])
def test_run_lengths_are_read_exactly_holes_and_parts_too(counts):
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[3:9, 4:10], mask[5, 6], mask[20, 0] = True, False, True
    rle = encode_coco(mask)
    if counts == "uncompressed":
        edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.T.ravel(), [2]])))
        rle["counts"] = np.diff(np.concatenate([[0], edges])).tolist()
    drawn = read_one(document(annotation(segmentation=rle)))
    assert np.array_equal(covered(drawn), mask)
    assert np.array_equal(decode_coco(rle), mask)


def test_a_crowd_is_one_region_and_noted():
    drawn = read_one(document(annotation(iscrowd=1)))
    assert len(drawn.regions) == 1
    assert "iscrowd" in drawn.notes[0]


@pytest.mark.parametrize("empty", [None, []])
def test_a_box_alone_is_a_rectangle_and_noted(empty):
    drawn = read_one(document(annotation(segmentation=empty, bbox=[2, 3, 10, 10])))
    assert covered(drawn).sum() == 100
    assert drawn.regions[0].shape.figure.kind == "rectangle"
    assert "box" in drawn.notes[0]


def test_run_lengths_of_nothing_are_noted():
    drawn = read_one(document(annotation(segmentation=encode_coco(np.zeros((ROWS, COLUMNS), bool)))))
    assert drawn.regions == drawn.problems == ()
    assert "no pixel is painted" in drawn.notes[0]


def test_images_without_annotations_are_readings_without_findings():
    drawn = read_one(document(images=[image(annotator=4)]))
    assert (drawn.regions, drawn.reader) == ((), "4")


def test_readers_of_one_image_are_told_apart():
    found = read(document(annotation(1, annotator=2), annotation(2, annotator="ann"), annotation(3, annotator=2)))
    assert [(drawn.reader, len(drawn.regions)) for drawn in found.images] == [("2", 2), ("ann", 1)]


def test_an_image_whose_reader_drew_nothing_is_that_readers_reading_too():
    found = read(document(annotation(1, annotator=3), images=[image(annotator=2)]))
    assert [(drawn.reader, len(drawn.regions)) for drawn in found.images] == [("2", 0), ("3", 1)]


def test_entries_that_show_one_file_are_readers():
    entries = [image(1, file_name="a.png"), image(2, file_name="a.png"), image(3, file_name="b.png")]
    found = read(document(annotation(), images=entries))
    assert [(drawn.stem, drawn.reader) for drawn in found.images] == [("a", "entry-0"), ("a", "entry-1"), ("b", None)]
    assert "2 entries show 'a.png'" in found.images[0].notes[0]


def test_category_names_are_translated():
    told = document(annotation(), categories=[{"id": 1, "name": "Lesion"}])
    assert len(read_one(told, Dialect(labels={"Lesion": "bladder"})).regions) == 1
    (problem,) = read_one(told, Dialect(labels={"Lesion": None})).problems
    assert isinstance(problem, LeftOut)
    (problem,) = read_one(told).problems
    assert (problem.source, problem.field) == ("a.json", "annotations[0].category_id")
    assert "unknown label 'Lesion'" in problem.message


def test_marks_are_kept_or_refused():
    told = document(marks=[{"image_id": 1, "label": "hot", "kind": "point", "points": [[1, 1]]}])
    assert read_one(told, KEEPING).marks == (Mark("point", "hot", ((1, 1),)),)
    (problem,) = read_one(told).problems
    assert (problem.field, "--marks keep" in problem.message) == ("marks[0].kind", True)


def test_key_points_are_kept_as_marks_or_refused():
    spots = [3, 4, 2, 0, 0, 0, 5, 6, 1]
    alone = annotation(segmentation=[], bbox=[3, 4, 2, 2], keypoints=spots, num_keypoints=2)
    drawn = read_one(document(alone), KEEPING)
    assert (drawn.regions, drawn.marks) == ((), (Mark("points", "metastasis", ((3, 4), (5, 6))),))
    beside = read_one(document(annotation(keypoints=spots)))
    assert len(beside.regions) == 1
    assert beside.problems[0].field == "annotations[0].keypoints"


def test_windows_separators_in_file_names_are_folders():
    assert read_one(document(images=[image(file_name="ward\\7.png")])).image == "ward/7.png"


def test_the_export_of_a_real_label_studio_is_read(shared_fixtures):
    told = json.loads((shared_fixtures / "label_studio" / "export_coco_result.json").read_bytes())
    found = read(told)
    assert {drawn.shape for drawn in found.images} == {(1024, 256)}
    assert sum(len(drawn.regions) for drawn in found.images) >= 3
    dangling = [one for one in told["annotations"] if one["image_id"] not in [entry["id"] for entry in told["images"]]]
    assert len([problem for problem in found.problems if "no image has the number" in problem.message]) == len(dangling)


PAIR = {"size": [ROWS, COLUMNS], "counts": [ROWS * COLUMNS]}


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        pytest.param({"category_id": 7}, "category_id", "no category has the number 7", id="unknown category"),
        pytest.param({"category_id": None}, "category_id", "None is no number", id="no category"),
        pytest.param({"category_id": [1]}, "category_id", "[1] is no number", id="several categories"),
        pytest.param({"annotator": {"id": 2}}, "annotator", "names no reader", id="a reader who is an object"),
        pytest.param({"annotator": "../x"}, "annotator", "names no reader", id="a reader who is a path"),
        pytest.param({"annotator": True}, "annotator", "names no reader", id="a reader who is true"),
        pytest.param({"segmentation": "x"}, "segmentation", "'x' is neither", id="a text for polygons"),
        pytest.param(
            {"segmentation": [[[1, 2]]]}, "segmentation[0]", "is no list of column, row", id="points in lists"
        ),
        pytest.param({"segmentation": SQUARE}, "segmentation[0]", "2.0 is no list", id="a polygon without its list"),
        pytest.param({"segmentation": [SQUARE[:7]]}, "segmentation[0]", "is no list of", id="half a point"),
        pytest.param({"segmentation": [SQUARE[:4]]}, "segmentation[0]", "at least 3 points", id="two points"),
        pytest.param({"segmentation": [[]]}, "segmentation[0]", "at least 3 points", id="no points"),
        pytest.param({"segmentation": [[1, 1, 5, 5, 9, 9]]}, "segmentation[0]", "no area", id="a line"),
        pytest.param({"segmentation": [[*SQUARE[:7], float("nan")]]}, "segmentation[0][7]", "coordinate", id="NaN"),
        pytest.param({"segmentation": [[*SQUARE[:7], "3"]]}, "segmentation[0][7]", "not a number", id="a text"),
        pytest.param({"segmentation": [[*SQUARE[:7], 1e9]]}, "segmentation[0][7]", "coordinate", id="far away"),
        pytest.param(
            {"segmentation": [SQUARE, [99, 99, 120, 99, 120, 120]]},
            "segmentation[1]",
            "outside the image",
            id="outside",
        ),
        pytest.param({"segmentation": [[1, 2, 3]] * 1001}, "segmentation", "neither a list of up to", id="1001 parts"),
        pytest.param(
            {"segmentation": PAIR | {"size": [COLUMNS, ROWS]}}, "segmentation.size", "size [32, 24]", id="turned"
        ),
        pytest.param({"segmentation": {"counts": [1]}}, "segmentation.size", "not the image's size", id="no size"),
        pytest.param({"segmentation": PAIR | {"counts": [1, 2]}}, "segmentation.counts", "add up", id="short runs"),
        pytest.param({"segmentation": [], "bbox": [1, 1, 0, 5]}, "bbox", "encloses nothing", id="an empty box"),
        pytest.param({"segmentation": [], "bbox": [1, 1, 5]}, "segmentation", "says no outline", id="three of a box"),
        pytest.param({"segmentation": []}, "segmentation", "says no outline", id="nothing at all"),
        pytest.param({"segmentation": [], "bbox": [1, 1, "5", 5]}, "bbox[2]", "not a number", id="a text in a box"),
        pytest.param({"segmentation": [], "bbox": [90, 90, 5, 5]}, "bbox", "outside", id="a box outside"),
        pytest.param({"keypoints": [1, 2]}, "keypoints", "column, row and visibility", id="two thirds of a key point"),
        pytest.param({"keypoints": [1, "2", 2]}, "keypoints[1]", "not a number", id="a text in a key point"),
    ],
)
def test_a_bad_annotation_is_a_problem_by_its_place_and_the_others_are_read(change, field, says):
    found = read(document(annotation(1) | change, annotation(2)), KEEPING)
    (drawn,) = found.images
    (problem,) = (*found.problems, *drawn.problems)
    assert (problem.source, problem.field) == ("a.json", f"annotations[0].{field}")
    assert says in problem.message
    assert covered(drawn).sum() == 100


@pytest.mark.parametrize(
    ("entry", "field", "says"),
    [
        pytest.param(3, "", "3 is no object", id="a number"),
        pytest.param(annotation(image_id=9), ".image_id", "no image has the number 9", id="unknown image"),
        pytest.param(annotation(image_id=True), ".image_id", "True is no number", id="true for an image"),
        pytest.param(annotation(image_id=None), ".image_id", "None is no number", id="no image"),
    ],
)
def test_an_annotation_of_no_image_is_a_problem_of_the_file(entry, field, says):
    found = read(document(entry))
    (problem,) = found.problems
    assert (problem.field, says in problem.message) == (f"annotations[0]{field}", True)
    assert len(found.images) == 1


def test_annotations_of_an_image_that_cannot_be_read_are_no_problems_of_their_own():
    found = read(document(annotation(), annotation(2, image_id=5), images=[image(), image(5, width=None)]))
    assert len(found.images) == 1
    assert [(problem.source, problem.field) for problem in found.problems] == [("a.json", "images[1].width")]


def test_images_of_one_number_are_not_read_since_annotations_do_not_say_which_they_mean():
    found = read(document(annotation(), images=[image(), image(file_name="other.png"), image(2)]))
    assert [drawn.stem for drawn in found.images] == ["2"]
    assert [problem.field for problem in found.problems] == ["images[0].id", "images[1].id"]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        pytest.param([annotation()], "give the file with `images`", id="results of a detector"),
        pytest.param("x", "no COCO document", id="a text"),
        pytest.param({"images": {}}, "expected a list", id="images by name"),
        pytest.param({"annotations": None}, "expected a list", id="no list of annotations"),
    ],
)
def test_what_is_no_coco_document_is_refused(told, says):
    with pytest.raises(UnreadableFile, match=says):
        read(told)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "star"},
        {"label": 3},
        {"points": [[1]]},
        {"points": []},
        {"group": "x"},
        {"kind": "line"},
        {"image_id": 7},
    ],
    ids=str,
)
def test_a_bad_mark_is_a_problem(change):
    mark = {"image_id": 1, "label": "hot", "kind": "point", "points": [[1, 1]]}
    found = read(document(marks=[mark | change]), KEEPING)
    (problem,) = (*found.problems, *found.images[0].problems)
    assert problem.field.startswith("marks[0].")


def test_scores_that_are_no_confidence_are_kept_as_they_are():
    for score in (97, "high", True, float("inf"), 10**400):
        told = {"score": score}
        (region,) = read_one(document() | {"annotations": [annotation() | told]}).regions
        assert (region.score, region.kept) == (None, told)


def test_run_lengths_cannot_fill_time_or_memory(monkeypatch):
    monkeypatch.setattr(coco_annotations, "MOST_DECODED", 2 * ROWS * COLUMNS)
    monkeypatch.setattr(coco_annotations, "MOST_PAINTED", ROWS * COLUMNS)
    full = annotation(segmentation=PAIR | {"counts": [0, ROWS * COLUMNS]})
    drawn = read_one(document(full, full, full))
    assert len(drawn.regions) == 1
    assert [problem.message.split(";")[1] for problem in drawn.problems] == [" split it", " split it"]


@given(st.data())
@settings(max_examples=150)
def test_a_document_changed_anywhere_gives_images_or_named_problems_and_nothing_else(data):
    told = document(
        annotation(1, segmentation=encode_coco(np.eye(ROWS, COLUMNS, dtype=bool)), annotator=3, score=0.5),
        annotation(2, keypoints=[1, 2, 2]),
        images=[image(annotator=3)],
        marks=[{"image_id": 1, "label": "hot", "kind": "point", "points": [[1, 1]]}],
    )
    changed = copy.deepcopy(told)
    holder = changed
    while True:
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        if isinstance(holder[key], dict | list) and holder[key] and data.draw(st.booleans()):
            holder = holder[key]
            continue
        odd = st.sampled_from([None, True, -1, 0, 10**30, 1e308, float("nan"), "", "x", "\0", [], {}, [[]], [None]])
        holder[key] = data.draw(odd)
        break
    try:
        found = read(changed, KEEPING)
    except UnreadableFile:
        return
    for problem in (*found.problems, *(problem for drawn in found.images for problem in drawn.problems)):
        assert problem.source == "a.json"
        assert problem.field
    for drawn in found.images:
        draw(drawn.regions, drawn.shape)
