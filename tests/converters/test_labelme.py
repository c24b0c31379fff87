import base64
import io
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from converters.errors import BadRegion, UnreadableFile
from converters.labelme import read_labelme, write_labelme
from converters.rasterise import draw
from converters.regions import LABELS, MaskPatch, Polygon, Region
from converters.trace import trace

SQUARE = [[2, 2], [12, 2], [12, 12], [2, 12]]


def shape(points=SQUARE, kind="polygon", label="metastasis", **more):
    return {"label": label, "points": points, "shape_type": kind, "flags": {}, **more}


def labelme_file(*shapes, **more):
    document = {"version": "5.0.1", "flags": {}, "shapes": list(shapes), "imagePath": "a.png", "imageData": None}
    return json.dumps(document | {"imageHeight": 32, "imageWidth": 24} | more).encode()


def read(*shapes, **more):
    return read_labelme(labelme_file(*shapes, **more), "case.json")


def png(rows, columns):
    buffer = io.BytesIO()
    Image.new("L", (columns, rows)).save(buffer, "PNG")
    return buffer.getvalue()


def covered(document):
    return draw(document.regions, (32, 24)).masks["metastasis"]


def test_a_polygon_is_read_in_pixels_of_the_image():
    document = read(shape())
    assert (document.version, document.image_path, document.rows, document.columns) == ("5.0.1", "a.png", 32, 24)
    assert document.regions == (Region("metastasis", Polygon(((2, 2), (12, 2), (12, 12), (2, 12)))),)
    assert document.problems == ()
    assert covered(document).sum() == 100


def test_shapes_without_a_type_are_polygons():
    old = shape()
    del old["shape_type"]
    assert covered(read(old)).sum() == 100


@pytest.mark.parametrize("corners", [[[2, 3], [12, 9]], [[12, 9], [2, 3]], [[2, 9], [12, 3]]])
def test_a_rectangle_may_be_drawn_from_any_corner(corners):
    mask = covered(read(shape(corners, "rectangle")))
    assert mask.sum() == 60
    assert mask[3:9, 2:12].all()


def test_a_circle_covers_the_centres_within_its_radius():
    mask = covered(read(shape([[12, 16], [12, 22.3]], "circle")))
    rows, columns = np.mgrid[:32, :24] + 0.5
    assert np.array_equal(mask, np.hypot(rows - 16, columns - 12) <= 6.3)


def test_a_painted_shape_lies_between_its_first_and_last_pixel():
    patch = MaskPatch(4, 7, np.array([[True, False], [True, True], [False, True]]))
    (region,) = read_labelme(write_labelme([Region("bladder", patch)], "a.png", 32, 24), "x").regions
    assert (region.shape.column, region.shape.row) == (4, 7)
    assert np.array_equal(region.shape.pixels, patch.pixels)


@pytest.mark.parametrize("path", ["..\\scans\\a.png", "../scans/a.png", "..\\scans/a.png"])
def test_the_image_path_may_have_any_separator(path):
    assert read(imagePath=path).image_path == "../scans/a.png"


def test_the_embedded_image_gives_the_size_that_old_files_do_not_say():
    content = png(40, 30)
    document = read(shape(), imageData=base64.b64encode(content).decode(), imageHeight=None, imageWidth=None)
    assert (document.rows, document.columns) == (40, 30)
    assert document.embedded_image == content
    assert document.problems == ()


@pytest.mark.parametrize("word", ["unreadable", "primary bone tumour", "cannot be settled"])
def test_an_image_flag_takes_the_image_out(word):
    assert read(flags={word: True, "good": True}).exclusion == word
    assert read(flags={word: False, "good": True}).exclusion is None


def test_an_empty_file_is_a_reading_without_findings():
    document = read()
    assert document.regions == document.problems == ()


def test_other_labels_can_be_translated():
    document = read_labelme(labelme_file(shape(label="M")), "x", labels={"M": "metastasis"})
    assert [region.label for region in document.regions] == ["metastasis"]


BAD = {
    "unknown label": (shape(label="kidney"), "shapes[1].label", "kidney"),
    "no label": ({"points": SQUARE}, "shapes[1].label", "None"),
    "two points": (shape(SQUARE[:2]), "shapes[1].points", "has 2"),
    "no points": (shape([]), "shapes[1].points", "has 0"),
    "points that are none": (shape("abc"), "shapes[1].points", "list of points"),
    "point of one number": (shape([[1], [2, 3], [4, 5]]), "shapes[1].points[0]", "[1]"),
    "text for a number": (shape([["1", 2], [2, 3], [4, 5]]), "shapes[1].points[0]", "'1'"),
    "NaN": (shape([[math.nan, 2], [2, 3], [4, 5]]), "shapes[1].points[0]", "nan"),
    "infinite": (shape([[math.inf, 2], [2, 3], [4, 5]]), "shapes[1].points[0]", "inf"),
    "huge integer": (shape([[10**400, 2], [2, 3], [4, 5]]), "shapes[1].points[0]", "not a coordinate"),
    "no area": (shape([[1, 1], [5, 5], [9, 9]]), "shapes[1].points", "no area"),
    "outside": (shape([[30, 2], [40, 2], [40, 9]]), "shapes[1].points", "outside the image"),
    "point": (shape([[3, 3]], "point"), "shapes[1].shape_type", "point has no area"),
    "line": (shape(SQUARE[:2], "line"), "shapes[1].shape_type", "line has no area"),
    "linestrip": (shape(SQUARE, "linestrip"), "shapes[1].shape_type", "linestrip has no area"),
    "unknown shape": (shape(SQUARE, "blob"), "shapes[1].shape_type", "blob"),
    "rectangle of three points": (shape(SQUARE[:3], "rectangle"), "shapes[1].points", "2 points"),
    "circle of no radius": (shape([[5, 5], [5, 5]], "circle"), "shapes[1].points", "no area"),
    "mask without picture": (shape([[1, 1], [2, 2]], "mask"), "shapes[1].mask", "cannot be read"),
    "mask of another size": (
        shape([[1, 1], [2, 2]], "mask", mask=base64.b64encode(png(5, 5)).decode()),
        "shapes[1].mask",
        "its points say",
    ),
    "empty mask": (
        shape([[1, 1], [5, 5]], "mask", mask=base64.b64encode(png(5, 5)).decode()),
        "shapes[1].mask",
        "no pixel",
    ),
    "not a shape": (7, "shapes[1]", "not a shape"),
}


@pytest.mark.parametrize(("bad", "field", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_shape_is_named_and_the_rest_is_read(bad, field, says):
    document = read(shape(), bad, shape(label="bladder"))
    assert [region.label for region in document.regions] == ["metastasis", "bladder"]
    (problem,) = document.problems
    assert isinstance(problem, BadRegion)
    assert (problem.source, problem.field) == ("case.json", field)
    assert says in problem.message


def test_a_shape_partly_outside_is_kept_for_draw_to_clip():
    assert len(read(shape([[20, 2], [30, 2], [30, 9]])).regions) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        pytest.param({"imageHeight": "32"}, "imageHeight", id="text"),
        pytest.param({"imageWidth": 0}, "imageWidth", id="nothing"),
        pytest.param({"imageData": base64.b64encode(png(31, 24)).decode()}, "imageHeight", id="another image inside"),
        pytest.param({"imageData": "AAAA"}, "imageData", id="no image inside"),
        pytest.param({"imageData": 5}, "imageData", id="a number for an image"),
    ],
)
def test_a_wrong_size_is_a_problem(more, field):
    assert [problem.field for problem in read(shape(), **more).problems] == [field]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"shapes": [', id="broken off"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"a": 1}', id="no shapes"),
        pytest.param(b'{"shapes": []}', id="no image"),
        pytest.param(b"\xff\xfe{", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_what_is_no_labelme_file_is_refused_by_name(content):
    with pytest.raises(UnreadableFile, match=r"case\.json"):
        read_labelme(content, "case.json")


numbers = st.floats(-20, 60, allow_nan=False)
rings = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=8, unique=True).map(tuple)


@given(st.lists(st.builds(Region, st.sampled_from(LABELS), st.builds(Polygon, rings)), max_size=4))
def test_what_is_written_is_read_back_exactly(regions):
    document = read_labelme(write_labelme(regions, "b/a.png", 32, 24, flags={"unreadable": True}), "x")
    assert document.exclusion == "unreadable"
    refused = {problem.field for problem in document.problems}
    assert document.regions == tuple(
        region for index, region in enumerate(regions) if f"shapes[{index}].points" not in refused
    )


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))), st.booleans())
def test_masks_with_holes_scores_and_suggestions_survive_a_labelme_file(mask, suggested):
    traced = [Region(region.label, region.shape, 0.25, suggested, "r1") for region in trace(mask, "bladder")]
    document = read_labelme(write_labelme(traced, "a.png", *mask.shape), "x")
    assert np.array_equal(draw(document.regions, mask.shape).masks["bladder"], mask)
    assert {(region.score, region.suggested, region.identifier) for region in document.regions} <= {
        (0.25, suggested, "r1")
    }


def test_files_open_in_any_encoding_a_desktop_may_have():
    content = write_labelme([], "骨/a.png", 32, 24)
    assert content.isascii()
    assert read_labelme(content, "x").image_path == "骨/a.png"


def test_a_suggestion_that_was_moved_is_the_readers_own():
    written = json.loads(
        write_labelme([Region("bladder", Polygon(((1, 1), (9, 1), (9, 9))), suggested=True)], "a", 9, 9)
    )
    written["shapes"][0]["points"][0] = [2, 2]
    (region,) = read_labelme(json.dumps(written).encode(), "x").regions
    assert not region.suggested


LABELS_OF_OTHERS = {
    "v2_no_shape_type_embedded.json": (2, (1920, 2560)),
    "v3.16.2_embedded.json": (6, (600, 800)),
    "v5.0.1_all_shapes.json": (5, (256, 256)),
    "v5.0.1_backslash_path.json": (0, (512, 512)),
}


@pytest.mark.parametrize(("name", "found"), LABELS_OF_OTHERS.items())
def test_files_of_real_labelme_versions_are_read(shared_fixtures, name, found):
    content = (shared_fixtures / "labelme" / name).read_bytes()
    labels = dict.fromkeys({shape["label"] for shape in json.loads(content)["shapes"]}, "metastasis")
    document = read_labelme(content, name, labels=labels)
    assert (len(document.regions), (document.rows, document.columns)) == found
    assert all("has no area" in problem.message for problem in document.problems)
    assert len(document.regions) + len(document.problems) == len(json.loads(content)["shapes"])


def test_unknown_labels_of_real_files_are_problems_by_name(shared_fixtures):
    document = read_labelme((shared_fixtures / "labelme" / "v3.16.2_embedded.json").read_bytes(), "x")
    assert document.regions == ()
    assert "'fig'" in document.problems[0].message


def test_a_key_that_nobody_knows_may_hold_what_is_no_number():
    (region,) = read(shape(odd=math.nan)).regions
    (again,) = read_labelme(write_labelme([region], "a.png", 32, 24), "x").regions
    assert math.isnan(again.kept["odd"])
