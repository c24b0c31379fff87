"""The real Labelme desktop program opens what we write and saves it unchanged, and we read what is drawn in it."""

import base64
import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converters.labelme import read_labelme, write_labelme
from converters.outlines import ellipse
from converters.rasterise import draw
from converters.regions import Figure, Mark, MaskPatch, Polygon, Region

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
DRIVER = Path(__file__).parent / "labelme_desktop" / "drive.py"
ROWS, COLUMNS = SIZE = (96, 64)
SAVED_UNCHANGED = ({"do": "mark changed"}, {"do": "save"})


@pytest.fixture(scope="module", autouse=True)
def installed():
    if not list(ROOT.glob(".venv-peers/lib/python3*/site-packages/labelme")):
        pytest.skip("Labelme is not installed in .venv-peers (scripts/set-up peers)")


@pytest.fixture
def labelme(tmp_path):
    """`labelme(content, *steps)` opens a file with this content, works through the steps, gives the file's content."""
    Image.fromarray(np.full(SIZE, 128, np.uint8)).save(tmp_path / "case.png")

    def work(content, *steps):
        file = tmp_path / "case.json"
        file.write_bytes(content)
        nobody = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
        ended = subprocess.run(
            [PYTHON, DRIVER, file],
            input=json.dumps(steps),
            env={"PATH": os.environ["PATH"], "QT_QPA_PLATFORM": "offscreen"} | nobody,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return file.read_bytes()

    return work


def entries(content):
    """The shapes as plain data, masks as pixels."""
    shapes = json.loads(content)["shapes"]
    for shape in shapes:
        if shape["mask"] is not None:
            with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as image:
                shape["mask"] = (np.asarray(image) > 0).tolist()
    return shapes


def besides(content):
    """Everything that is not a shape, and not the version of the program that saved the file."""
    return {key: value for key, value in json.loads(content).items() if key not in ("shapes", "version")}


TRIANGLE = Polygon(((3.25, 4.125), (20.1, 5.0), (11.7, 22.9)))
HOLED = Polygon(((30, 30), (60, 30), (60, 60), (30, 60)), (((40.5, 40), (40.5, 50), (50, 50)),))
PAINTED = MaskPatch(5, 40, np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool))
TINY = Polygon(((50.2, 10.2), (50.4, 10.2), (50.4, 10.4)))
SLANTED = ((40.0, 70.0), (46.0, 76.0), (43.0, 79.0), (37.0, 73.0))
WRITTEN = (
    Region("metastasis", TRIANGLE, score=0.87, suggested=True, identifier="r-1"),
    Region("bladder", HOLED, suggested=True),
    Region("metastasis", PAINTED, score=0.5, suggested=True),
    Region("metastasis", TINY),
    Region("metastasis", Polygon(((2, 70), (8, 70), (8, 76), (2, 76))), group=3),
    Region("metastasis", Polygon(((12, 70), (18, 70), (18, 76), (12, 76))), group=3),
    Region("bladder", Polygon(((1, 90), (9, 90), (5, 95))), kept={"seen_by": {"tool": "x", "at": [1, None]}, "ß": "é"}),
    Region(
        "metastasis",
        Polygon(((50, 70), (60, 70), (60, 75), (50, 75)), figure=Figure("rectangle", ((50, 70), (60, 75)))),
    ),
    Region("metastasis", Polygon(SLANTED, figure=Figure("oriented_rectangle", SLANTED))),
    Region("metastasis", Polygon(ellipse((30, 88), (4, 4)), figure=Figure("circle", ((30, 88), (30, 92))))),
    Mark("line", "spine", ((30, 5), (31, 20), (30, 28))),
    Mark("point", "marker", ((60, 90),)),
)
WHOLE = write_labelme(
    WRITTEN,
    "case.png",
    ROWS,
    COLUMNS,
    flags={"unreadable": False, "read": True, "ward 7": True},
    kept={"lineColor": [0, 255, 0, 128], "origin": {"study": "…", "n": 2}, "none": None},
)


def test_what_was_written_comes_back_unchanged(labelme):
    saved = labelme(WHOLE, *SAVED_UNCHANGED)
    assert json.loads(saved)["version"] != json.loads(WHOLE)["version"], "Labelme has not saved the file"
    assert entries(saved) == entries(WHOLE)
    assert besides(saved) == besides(WHOLE)


def test_regions_come_back_as_the_same_regions(labelme):
    before = read_labelme(WHOLE, "x", keep_marks=True)
    after = read_labelme(labelme(WHOLE, *SAVED_UNCHANGED), "x", keep_marks=True)
    assert (before.problems, after.problems) == ((), ())
    assert [
        (region.score, region.suggested, region.group, region.identifier, region.kept) for region in after.regions
    ] == [(region.score, region.suggested, region.group, region.identifier, region.kept) for region in before.regions]
    for one, other in zip(before.regions, after.regions, strict=True):
        assert np.array_equal(draw([one], SIZE).masks[one.label], draw([other], SIZE).masks[one.label])
    assert (after.marks, after.flags, after.kept) == (before.marks, before.flags, before.kept)


def test_a_file_of_the_first_versions_opens_once_it_has_been_rewritten(labelme):
    """Labelme of today refuses a shape without a type, and a file without a word about image data."""
    old = {
        "shapes": [{"label": "bladder", "points": [[3, 4], [20, 5], [11, 22]], "line_color": None, "fill_color": None}]
    }
    old |= {"lineColor": [0, 255, 0, 128], "fillColor": [255, 0, 0, 128], "imagePath": "..\\scans\\case.png"}
    document = read_labelme(json.dumps(old).encode(), "x")
    assert document.version == ""
    written = write_labelme(document.regions, "case.png", ROWS, COLUMNS, kept=document.kept)
    saved = read_labelme(labelme(written, *SAVED_UNCHANGED), "x")
    assert saved.regions == document.regions
    assert saved.regions[0].kept["line_color"] is None
    assert saved.kept["fillColor"] == [255, 0, 0, 128]


def test_a_suggestion_whose_corner_was_moved_is_no_longer_one_as_it_was(labelme):
    steps = ({"do": "drag", "start": [3.25, 4.125], "end": [5.5, 8.5]}, {"do": "save"})
    saved = read_labelme(labelme(WHOLE, *steps), "x", keep_marks=True)
    moved, untouched = saved.regions[0], saved.regions[1]
    assert moved.shape.exterior[0] == pytest.approx((5.5, 8.5))
    assert moved.shape.exterior[1:] == TRIANGLE.exterior[1:]
    assert (moved.suggested, moved.score, untouched.suggested) == (False, 0.87, True)


def test_a_reader_who_changes_nothing_ticks_read_and_saves(labelme):
    blank = write_labelme([], "case.png", ROWS, COLUMNS, flags={"read": False, "unreadable": False})
    saved = read_labelme(labelme(blank, {"do": "tick", "flag": "read"}, {"do": "save"}), "x")
    assert (saved.regions, saved.flags) == ((), {"read": True, "unreadable": False})


def drawn(labelme, tool, *points):
    """What we read of a region drawn in the program with this tool."""
    blank = write_labelme([], "case.png", ROWS, COLUMNS)
    steps = ({"do": "draw", "tool": tool, "label": "metastasis", "points": points}, {"do": "save"})
    return read_labelme(labelme(blank, *steps), "x", keep_marks=True)


@pytest.mark.parametrize(
    ("tool", "clicks", "corners"),
    [
        pytest.param(
            "Polygon",
            [[10.25, 10.5], [40, 12], [20, 60.75], [10.25, 10.5]],
            [(10.25, 10.5), (40, 12), (20, 60.75)],
            id="polygon, closed at its first point",
        ),
        pytest.param(
            "Rectangle",
            [[50.5, 60], [40, 30.5]],
            [(50.5, 60), (40, 60), (40, 30.5), (50.5, 30.5)],
            id="rectangle, from its lower right corner",
        ),
        pytest.param(
            "Oriented Rectangle",
            [[10, 40], [20, 50], [18, 60]],
            [(10, 40), (24, 54), (18, 60), (4, 46)],
            id="oriented rectangle, whose third click sets both sides",
        ),
    ],
)
def test_an_outline_drawn_there_is_read_where_it_was_drawn(labelme, tool, clicks, corners):
    document = drawn(labelme, tool, *clicks)
    (region,) = document.regions
    assert (region.label, document.problems) == ("metastasis", ())
    found = np.array(region.shape.exterior)
    assert sorted(map(tuple, found.round(6))) == sorted(map(tuple, np.array(corners, float)))
    exact = draw([Region("metastasis", Polygon(tuple(corners)))], SIZE).masks["metastasis"]
    # The window's zoom leaves rounding behind, which moves no centre off this side of an edge it does not lie on.
    assert np.count_nonzero(draw([region], SIZE).masks["metastasis"] ^ exact) <= 1


def test_a_circle_drawn_there_covers_the_pixels_whose_centres_it_holds(labelme):
    (region,) = drawn(labelme, "Circle", [30, 70], [33, 74.1]).regions
    row, column = np.indices(SIZE) + 0.5
    disc = np.hypot(column - 30, row - 70) < np.hypot(3, 4.1)
    assert np.array_equal(draw([region], SIZE).masks["metastasis"], disc)


def test_a_mask_made_there_is_read_pixel_for_pixel(labelme):
    pixels = [[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]
    blank = write_labelme([], "case.png", ROWS, COLUMNS)
    paint = {"do": "paint", "label": "bladder", "column": 20, "row": 30, "pixels": pixels}
    document = read_labelme(labelme(blank, paint, {"do": "save"}), "x")
    (region,) = document.regions
    assert (region.shape.column, region.shape.row, document.problems) == (20, 30, ())
    assert np.array_equal(region.shape.pixels, np.array(pixels, bool))


@pytest.mark.parametrize(
    ("tool", "points", "kind"),
    [
        pytest.param("Point", [[20, 30]], "point", id="point"),
        pytest.param("Line", [[20, 30], [40, 50]], "line", id="line"),
    ],
)
def test_a_mark_drawn_there_is_kept_as_one(labelme, tool, points, kind):
    document = drawn(labelme, tool, *points)
    (mark,) = document.marks
    assert (mark.kind, document.regions) == (kind, ())
    assert np.allclose(mark.points, points)
