"""Bad input in Label Studio's format: each ends in an error that names file, place, value and mend, or in a note."""

import base64
import copy
import io
import json
import struct
import zlib
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from converters.document import parse_json
from converters.drawn import Dialect, Found, Origin
from converters.errors import ConversionError, UnreadableFile
from converters.label_studio_images import drawn_of_task
from converters.limits import MOST_PIXELS
from converters.rasterise import draw
from converters.rle import encode_brush

RECORDED = Path(__file__).parents[1] / "fixtures" / "label_studio"
ROWS, COLUMNS = 20, 30
ORIGIN = Origin("export.json", "", "label-studio", "")


def entry(kind, value, labels="metastasis", **more):
    return {
        "id": "r",
        "from_name": "label",
        "to_name": "image",
        "type": f"{kind}labels",
        "original_width": COLUMNS,
        "original_height": ROWS,
        "image_rotation": 0,
        "value": {f"{kind}labels": [labels]} | value,
    } | more


def polygon(**more):
    return entry("polygon", {"points": [[10, 10], [50, 10], [50, 50]]}) | more


def png(rows=ROWS, columns=COLUMNS, mode="RGBA", painted=True):
    buffer = io.BytesIO()
    Image.new(mode, (columns, rows), (0, 0, 0, 255 * painted) if mode == "RGBA" else 0).save(buffer, "PNG")
    return buffer.getvalue()


def bitmask(content):
    return entry("bitmask", {"imageDataURL": f"data:image/png;base64,{base64.b64encode(content).decode()}"})


def bomb():
    """A PNG whose head says 30,000 × 30,000 pixels."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    return png()[:8] + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png()[33:]


def vertex(name, x, y, previous=None, **more):
    return {"id": name, "x": x, "y": y, "prevPointId": previous, "isBezier": False} | more


def vector(*vertices, closed=True):
    return entry("vector", {"vertices": list(vertices), "closed": closed})


def brush(rle, form="rle"):
    return entry("brush", {"format": form, "rle": rle})


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


ONE = np.zeros((ROWS, COLUMNS), bool)
ONE[3, 4] = True
STROKE = encode_brush(ONE)
CURVED = vertex("a", 10, 10, isBezier=True, controlPoint1={"x": 1}, controlPoint2={"x": 1, "y": 1})

BAD = {
    "an entry that is a number": (7, "", "7 is not a region"),
    "an entry without type": ({"id": "r"}, ".type", "draw a polygon"),
    "a type that nobody knows": (polygon(type="blob"), ".type", "'blob' has no area"),
    "a type that is a list": (polygon(type=["polygonlabels"]), ".type", "has no area"),
    "a region of a video": (entry("videorectangle", {}), ".type", "draw a polygon"),
    "no value": (polygon(value=None), ".value", "None is no value"),
    "a value that is a list": (polygon(value=[1]), ".value", "[1] is no value"),
    "no label": (
        entry("polygon", {"points": [[1, 1], [9, 1], [9, 9]], "polygonlabels": []}),
        ".value.polygonlabels",
        "needs one label",
    ),
    "two labels": (
        entry("polygon", {"points": [[1, 1], [9, 1], [9, 9]], "polygonlabels": ["metastasis", "bladder"]}),
        ".value.polygonlabels",
        "needs one label",
    ),
    "an unknown label": (
        entry("polygon", {"points": [[1, 1], [9, 1], [9, 9]]}, "kidney"),
        ".value.polygonlabels",
        "--labels",
    ),
    "no size": (polygon(original_height=None), ".original_height", "export the task again"),
    "a size that is no number": (polygon(original_width="30"), ".original_width", "'30' is not a size"),
    "a size below nothing": (polygon(original_width=-30), ".original_width", "-30 is not a size"),
    "a size that is true": (polygon(original_width=True), ".original_width", "True is not a size"),
    "a size beyond all scans": (polygon(original_width=10**9), ".original_width", "1000000000 is not a size"),
    "an area beyond all scans": (
        polygon(original_width=MOST_PIXELS // 2, original_height=3),
        ".original_height",
        "is no scan",
    ),
    "an image turned by 30 degrees": (polygon(image_rotation=30), ".image_rotation", "30 is no turn by quarters"),
    "an image turned by a word": (polygon(image_rotation="left"), ".image_rotation", "'left' is no turn"),
    "another image": (polygon(to_name="lateral"), ".to_name", "give the labelling configuration"),
    "an image that is a list": (polygon(to_name=["image"]), ".to_name", "give the labelling configuration"),
    "a page of an image without pages": (polygon(item_index=2), ".item_index", "no page 2"),
    "a page that is a word": (polygon(item_index="two"), ".item_index", "'two' is no number of a page"),
    "points that are a word": (entry("polygon", {"points": "x"}), ".value.points", "expected a list"),
    "a point of three numbers": (entry("polygon", {"points": [[1, 2, 3]]}), ".value.points[0]", "is not a point"),
    "a coordinate that is infinite": (
        entry("polygon", {"points": [[1, 2], [3, 4], [float("inf"), 6]]}),
        ".value.points[2]",
        "inf is not a coordinate",
    ),
    "a coordinate beyond all images": (
        entry("polygon", {"points": [[1, 2], [3, 4], [1e300, 6]]}),
        ".value.points[2]",
        "is not a coordinate",
    ),
    "an outline that was not finished": (
        entry("polygon", {"points": [[1, 2], [3, 4], [5, 9]], "closed": False}),
        ".value.closed",
        "finish it",
    ),
    "an outline beyond the image": (
        entry("polygon", {"points": [[101, 2], [130, 4], [150, 60]]}),
        ".value.points",
        "outside the image",
    ),
    "a rectangle without height": (entry("rectangle", {"x": 1, "y": 1, "width": 5}), ".value.height", "None is not"),
    "a rectangle of no area": (
        entry("rectangle", {"x": 1, "y": 1, "width": 5, "height": 0}),
        ".value.points",
        "encloses no area",
    ),
    "an ellipse turned by a word": (
        entry("ellipse", {"x": 5, "y": 5, "radiusX": 5, "radiusY": 5, "rotation": "a bit"}),
        ".value.rotation",
        "'a bit' is not a number",
    ),
    "a brush of another format": (brush(STROKE, "png"), ".value.format", "'png' is not read"),
    "a brush that breaks off": (brush(STROKE[:12]), ".value.rle", "export it again"),
    "a brush that is no list": (brush("aaaa"), ".value.format", "export as JSON"),
    "a brush of words": (brush(["x"] * 40), ".value.rle", "no list of bytes"),
    "a brush of another size": (brush(encode_brush(np.ones((5, 5), bool))), ".value.rle", "need"),
    "a brush that promises gigabytes": (brush([255, 255, 255, 255, *STROKE[4:]]), ".value.rle", "values"),
    "a brush that painted nothing": (brush(encode_brush(np.zeros_like(ONE))), ".value.rle", "no pixel is painted"),
    "a bitmask that is no address": (
        entry("bitmask", {"imageDataURL": "x.png"}),
        ".value.imageDataURL",
        "'x.png' is no",
    ),
    "a bitmask that is missing": (entry("bitmask", {}), ".value.imageDataURL", "None is no PNG"),
    "a bitmask that is no base64": (
        entry("bitmask", {"imageDataURL": "data:image/png;base64,%%%"}),
        ".value.imageDataURL",
        "paint it again",
    ),
    "a bitmask that breaks off": (bitmask(png()[:50]), ".value.imageDataURL", "paint it again"),
    "a bitmask that is a JPEG": (bitmask(b"\xff\xd8\xff\xe0" + bytes(90)), ".value.imageDataURL", "is no PNG"),
    "a bitmask of another size": (bitmask(png(5, 5)), ".value.imageDataURL", "5 rows × 5 columns"),
    "a bitmask that promises gigabytes": (bitmask(bomb()), ".value.imageDataURL", "30000 rows × 30000 columns"),
    "a bitmask longer than its image": (bitmask(bytes(20_000)), ".value.imageDataURL", "characters are more than"),
    "a bitmask without transparency": (bitmask(png(mode="RGB")), ".value.imageDataURL", "no transparency"),
    "a bitmask that painted nothing": (bitmask(png(painted=False)), ".value.imageDataURL", "no pixel is painted"),
    "a vector without vertices": (vector(), ".value.vertices", "[] is no list of vertices"),
    "a vector of two points": (vector(vertex("a", 1, 1), vertex("b", 9, 9, "a")), ".value.vertices", "at least 3"),
    "a vertex that is a word": (vector("a"), ".value.vertices[0]", "'a' is no vertex"),
    "a vertex without place": (vector({"id": "a"}), ".value.vertices[0].x", "None is not a number"),
    "a control point without place": (vector(CURVED), ".value.vertices[0].controlPoint1.y", "None is not a number"),
    "a control point that is a word": (
        vector(vertex("a", 1, 1, isBezier=True, controlPoint1="x")),
        ".value.vertices[0].controlPoint1",
        "'x' is no control point",
    ),
    "a vector that branches": (
        vector(vertex("a", 1, 1), vertex("b", 9, 9, "a"), vertex("c", 9, 1, "a")),
        ".value.vertices[2].prevPointId",
        "draw each branch alone",
    ),
    "a vector in two pieces": (
        vector(vertex("a", 1, 1), vertex("b", 9, 9, "lost"), vertex("c", 9, 1, "b")),
        ".value.vertices",
        "draw each path alone",
    ),
    "a vector that follows itself": (
        vector(vertex("a", 1, 1, "a"), vertex("b", 9, 9, "a")),
        ".value.vertices[1].prevPointId",
        "branch",
    ),
    "an open vector": (
        vector(vertex("a", 1, 1), vertex("b", 9, 9, "a"), closed=False),
        ".value.closed",
        "draw an outline, or keep it as a mark",
    ),
    "a key point": (entry("keypoint", {"x": 5, "y": 5, "width": 1}), ".type", "draw an outline, or keep it as a mark"),
    "a shape without a label": (
        polygon(type="polygon", value={"points": [[1, 1], [9, 9], [1, 9]]}),
        ".value.labels",
        "has []",
    ),
    "a label on no shape": (
        polygon(id="s", type="labels", value={"start": 3, "labels": ["metastasis"]}),
        ".value",
        "on no shape",
    ),
    "a choice that is a word": (polygon(type="choices", value={"choices": "x"}), ".value.choices", "'x' is no choice"),
    "a value nested beyond measure": (entry("polygon", {"points": deep(900)}), ".value.points[0]", "is not a point"),
}


def read(*result, **dialect):
    task = {"id": 1, "data": {"image": "a.png"}, "annotations": [{"id": 1, "completed_by": 2, "result": list(result)}]}
    return drawn_of_task(task, "[3]", ORIGIN, Path(), Dialect(**dialect))


@pytest.mark.parametrize(("bad", "place", "told"), BAD.values(), ids=BAD.keys())
def test_a_bad_entry_is_named_and_the_rest_is_read(bad, place, told):
    (drawn,) = read(polygon(), bad).images
    assert len(drawn.regions) == 1
    (problem,) = drawn.problems
    assert isinstance(problem, ConversionError)
    assert str(problem).startswith(f"export.json: [3].annotations[0].result[1]{place}: ")
    assert told in problem.message
    assert len(problem.message) < 250


def test_a_size_that_differs_from_the_regions_before_is_named():
    (drawn,) = read(polygon(), polygon(original_width=31)).images
    (problem,) = drawn.problems
    assert problem.field == "[3].annotations[0].result[1].original_height"


@pytest.mark.parametrize("result", [None, "x", 5, {"a": 1}], ids=repr)
def test_a_result_that_is_no_list_is_named(result):
    task = {"data": {"image": "a.png"}, "annotations": [{"id": 1, "result": [polygon()]}, {"id": 2, "result": result}]}
    images = drawn_of_task(task, "[3]", ORIGIN, Path(), Dialect()).images
    assert [problem.field for problem in images[1].problems] == ["[3].annotations[1].result"]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"annotations": None}, id="no annotations"),
        pytest.param({"predictions": [7, None, "x"], "drafts": "x"}, id="predictions and drafts by number"),
        pytest.param({"annotations": [{"result": [], "completed_by": {"id": "x"}}]}, id="a reader without number"),
        pytest.param({"annotations": [{"result": [], "lead_time": 10**400, "updated_at": 5}]}, id="times of no sense"),
        pytest.param({"data": {"image": 5, "pages": [1, "a.png"]}}, id="images of no sense"),
        pytest.param({"data": {"image": "http://[bad"}}, id="an address of no sense"),
        pytest.param({"data": {"image": f"data:image/png;base64,{'A' * 9000}"}}, id="an embedded image"),
        pytest.param({"annotations": [{"result": [], "updated_at": "then"}, {"result": []}]}, id="no time"),
    ],
)
def test_an_odd_task_does_no_harm(odd):
    whole = {"id": 1, "data": {"image": "a.png"}, "annotations": [{"id": 1, "result": []}]} | odd
    found = drawn_of_task(whole, "[3]", ORIGIN, Path(), Dialect())
    assert all(problem.source == "export.json" and problem.field for problem in found.problems)


@pytest.mark.parametrize(
    ("annotations", "field"),
    [
        pytest.param([{"id": 1, "result": []}, 5], "[3].annotations[1]", id="a number"),
        pytest.param([None], "[3].annotations[0]", id="nothing"),
        pytest.param("x", "[3].annotations", id="a word for all"),
    ],
)
def test_an_annotation_that_is_none_refuses_its_task_by_name(annotations, field):
    task = {"id": 1, "data": {"image": "a.png"}, "annotations": annotations}
    with pytest.raises(UnreadableFile, match="no annotation; export") as raised:
        drawn_of_task(task, "[3]", ORIGIN, Path(), Dialect())
    assert (raised.value.source, raised.value.field) == ("export.json", field)


def test_a_reader_who_is_no_number_is_told():
    task = {"data": {"image": "a.png"}, "annotations": [{"id": 1, "result": [polygon()], "completed_by": {"id": "x"}}]}
    (drawn,) = drawn_of_task(task, "[3]", ORIGIN, Path(), Dialect()).images
    assert (drawn.reader, drawn.notes) == (None, ("`completed_by` is no annotator's number; nobody is named",))


def recorded_tasks():
    for name in ("turned_images", "labels_and_shapes", "labels_and_shapes_min", "two_images", "pages", "pages_min"):
        yield from json.loads((RECORDED / f"{name}.json").read_text())


TASKS = list(recorded_tasks())
ODD = (None, True, -1, 0, 10**9, 1e300, float("nan"), "", "x", "metastasis", [], {}, [[]], {"x": 1}, deep(400))


def places(value, path=()):
    """The way to every value inside, nesting aside."""
    if path:
        yield path
    if isinstance(value, dict | list) and len(path) < 12:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def mutated(random):
    """A recorded task in which values were exchanged, left out or put in."""
    task = copy.deepcopy(random.choice(TASKS))
    for _ in range(random.randint(1, 3)):
        *way, last = random.choice(list(places(task)))
        here = task
        for step in way:
            here = here[step]
        odd = copy.deepcopy(random.choice(ODD))
        if random.random() < 0.5:
            here[last] = odd
        elif isinstance(here, dict):
            del here[last]
        else:
            here.insert(last, odd)
    return task


def found_or_error(task, dialect):
    try:
        return drawn_of_task(task, "[3]", ORIGIN, Path(), dialect)
    except ConversionError as error:
        return Found(problems=(error,))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_random_edits_never_crash_and_every_problem_has_its_place(seed, keep_marks):
    task = mutated(Random(seed))
    found = found_or_error(task, Dialect(keep_marks=keep_marks))
    images = found.images
    problems = [*found.problems, *(problem for drawn in images for problem in drawn.problems)]
    assert all(problem.source == "export.json" and str(problem.field).startswith("[3]") for problem in problems)
    for drawn in images:
        draw(drawn.regions, drawn.shape)


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_a_damaged_export_is_an_error_or_is_read(noise, place):
    content = json.dumps(TASKS[0]).encode()
    try:
        task = parse_json(content[:place] + noise + content[place + len(noise) :], "export.json")
    except ConversionError:
        return
    found_or_error(task, Dialect())
