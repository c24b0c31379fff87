import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.drawn import Dialect, DrawnImage, Origin
from converters.label_studio_config import labelling_config, used_by
from converters.label_studio_images import drawn_of_task
from converters.label_studio_write import task_of
from converters.labelling_config import read_config
from converters.labelme import read_labelme
from converters.outlines import ellipse, rectangle
from converters.rasterise import draw
from converters.regions import LABELS, Figure, Mark, MaskPatch, Polygon, Region
from converters.rle import decode_brush
from converters.trace import trace

RECORDED = Path(__file__).parents[1] / "fixtures" / "label_studio"
SIZE = (64, 48)
SQUARE = Polygon(((10, 10), (20, 10), (20, 20), (10, 20)))
RING = Polygon(((10, 10), (30, 10), (30, 30), (10, 30)), (((15, 15), (25, 15), (25, 25), (15, 25)),))
ELSEWHERE = Origin("a.json", "", "labelme", "5.5.0")
KEEPING_MARKS = Dialect(keep_marks=True)


def drawn_image(*regions, origin=ELSEWHERE, size=SIZE, **more):
    return DrawnImage(origin, "a", more.pop("reader", None), "a.png", *size, tuple(regions), **more)


def result_of(task):
    (submission,) = task.get("annotations") or task["predictions"]
    return submission["result"]


def again(drawn, **how):
    """The image as it is read from the file that is written."""
    task = json.loads(json.dumps(task_of(drawn, **how)))
    if how.get("as_prediction"):
        task["annotations"] = task.pop("predictions")
    found = drawn_of_task(task, "[0]", Origin("b.json", "", "label-studio", ""), Path(), KEEPING_MARKS)
    (image,) = found.images
    assert (found.problems, image.problems) == ((), ())
    return image


def masks(drawn):
    return draw(drawn.regions, drawn.shape).masks


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def test_a_plain_outline_is_written_as_it_is():
    (entry,) = result_of(task_of(drawn_image(Region("metastasis", SQUARE))))
    assert (entry["type"], entry["from_name"], entry["to_name"]) == ("polygonlabels", "label", "image")
    assert (entry["original_width"], entry["original_height"]) == (48, 64)
    assert again(drawn_image(Region("metastasis", SQUARE))).regions == (Region("metastasis", SQUARE),)


def test_a_region_with_holes_is_a_brush_stroke():
    (entry,) = result_of(task_of(drawn_image(Region("bladder", RING))))
    assert (entry["type"], entry["from_name"], entry["value"]["brushlabels"]) == ("brushlabels", "brush", ["bladder"])
    assert np.count_nonzero(decode_brush(entry["value"]["rle"], *SIZE)) == 300


def test_without_a_limit_of_points_holes_are_sewn_to_the_outline():
    (entry,) = result_of(task_of(drawn_image(Region("bladder", RING)), max_points=None))
    assert entry["type"] == "polygonlabels"
    assert again(drawn_image(Region("bladder", RING)), max_points=None).regions == (Region("bladder", RING),)


def blob(seed, size):
    """Pixels within a wavy border: more than 60 points when traced."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    rows, columns = rows - size[0] / 2, columns - size[1] / 2
    waves = 1 + 0.3 * np.sin(5 * np.arctan2(rows, columns) + seed)
    return np.hypot(rows / size[0], columns / size[1]) < 0.3 * waves


@pytest.mark.parametrize("size", [(64, 48), (200, 300), (900, 700)])
def test_a_long_outline_is_written_with_few_points_that_draw_nearly_the_same(size):
    mask = blob(1, size)
    drawn = drawn_image(*trace(mask, "metastasis"), size=size)
    (entry,) = result_of(task_of(drawn))
    assert len(entry["value"]["points"]) <= 60
    assert dice(masks(again(drawn))["metastasis"], mask) >= 0.95


def test_an_outline_that_few_points_cannot_draw_is_a_brush_stroke():
    noise = np.random.default_rng(3).random((64, 48)) < 0.6
    drawn = drawn_image(*trace(noise, "metastasis"))
    assert "brushlabels" in {entry["type"] for entry in result_of(task_of(drawn)) if entry["type"] != "relation"}
    assert dice(masks(again(drawn))["metastasis"], noise) >= 0.95


@settings(max_examples=60, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24))), st.sampled_from([None, 4, 12, 60]))
def test_what_is_written_draws_each_piece_nearly_the_same_and_without_limit_exactly(mask, max_points):
    drawn = drawn_image(*trace(mask, "bladder"), size=mask.shape)
    back = again(drawn, max_points=max_points)
    if max_points is None:
        assert np.array_equal(masks(back)["bladder"], mask)
    else:
        assert not mask.any() or dice(masks(back)["bladder"], mask) >= 0.9


def test_pieces_that_were_painted_as_one_stay_together():
    pixels = np.zeros((9, 9), bool)
    pixels[:3, :3] = pixels[6:, 6:] = pixels[:2, 7:] = True
    drawn = drawn_image(Region("metastasis", MaskPatch(4, 5, pixels), identifier="own"))
    result = result_of(task_of(drawn))
    assert [entry["type"] for entry in result] == [*["polygonlabels"] * 3, *["relation"] * 2]
    assert result[0]["id"] == "own"
    back = again(drawn)
    assert [region.group for region in back.regions] == [1, 1, 1]
    assert np.array_equal(masks(back)["metastasis"], masks(drawn)["metastasis"])


def test_parts_of_one_lesion_are_related_both_ways():
    def moved(columns):
        return Polygon(tuple((column + columns, row) for column, row in SQUARE.exterior))

    parts = [
        Region("metastasis", moved(columns), group=group) for columns, group in ((-9, 7), (0, None), (12, 7), (15, 7))
    ]
    drawn = drawn_image(*parts, Region("bladder", SQUARE, group=7))
    result = result_of(task_of(drawn))
    assert [entry["direction"] for entry in result if entry["type"] == "relation"] == ["bi", "bi"]
    assert [region.group for region in again(drawn).regions] == [1, None, 1, 1, None]


FIGURES = {
    "upright rectangle": (Figure("rectangle", ((10, 20), (30, 26))), "rectanglelabels"),
    "rectangle from its other corners": (Figure("rectangle", ((30, 26), (10, 20))), "rectanglelabels"),
    "turned rectangle": (Figure("rectangle", ((20, 20), (30, 26)), 30.0), "rectanglelabels"),
    "circle": (Figure("circle", ((20, 30), (23, 34))), "ellipselabels"),
    "ellipse": (Figure("ellipse", ((20, 30), (26, 40))), "ellipselabels"),
    "turned ellipse": (Figure("ellipse", ((20, 30), (26, 40)), 40.0), "ellipselabels"),
    "oriented rectangle": (
        Figure("oriented_rectangle", ((10, 10), (22, 15), (20.75, 18), (8.75, 13))),
        "rectanglelabels",
    ),
    "oriented rectangle, counter-clockwise": (
        Figure("oriented_rectangle", ((10, 10), (8.75, 13), (20.75, 18), (22, 15))),
        "rectanglelabels",
    ),
    "four corners that are no rectangle": (
        Figure("oriented_rectangle", ((10, 10), (22, 15), (25, 18), (8.75, 13))),
        "polygonlabels",
    ),
}


def outline_of(figure):
    first, *more = figure.points
    if figure.kind == "oriented_rectangle":
        return figure.points
    ((column, row),) = more
    across, down = column - first[0], row - first[1]
    if figure.kind == "rectangle":
        return rectangle(first, (across, down), figure.degrees)
    radius = float(np.hypot(across, down))
    return ellipse(first, (radius, radius) if figure.kind == "circle" else (across, down), figure.degrees)


@pytest.mark.parametrize(("figure", "kind"), FIGURES.values(), ids=FIGURES.keys())
def test_figures_are_written_as_figures_where_that_draws_the_same(figure, kind):
    drawn = drawn_image(Region("metastasis", Polygon(outline_of(figure), figure=figure)))
    (entry,) = result_of(task_of(drawn))
    assert entry["type"] == kind
    assert np.array_equal(masks(again(drawn))["metastasis"], masks(drawn)["metastasis"])


def test_marks_are_points_and_open_vectors():
    marks = (
        Mark("point", "rib", ((5, 6),)),
        Mark("points", "hip", ((7, 8), (9, 10))),
        Mark("line", "spine", ((1, 2), (3, 4), (5, 9))),
    )
    drawn = drawn_image(marks=marks)
    assert [entry["type"] for entry in result_of(task_of(drawn))] == [
        *["keypointlabels"] * 3,
        "vectorlabels",
        "relation",
    ]
    back = again(drawn).marks
    assert [(mark.kind, mark.label, mark.group) for mark in back] == [
        ("point", "rib", None),
        ("point", "hip", 1),
        ("point", "hip", 1),
        ("line", "spine", None),
    ]
    assert np.allclose(back[-1].points, marks[-1].points)


def test_scores_suggestions_exclusion_and_reader_are_written():
    region = Region("metastasis", SQUARE, score=0.25, suggested=True, identifier="own")
    back = again(drawn_image(region, exclusion="unreadable", reader="7"))
    assert back.regions == (region,)
    assert (back.regions[0].identifier, back.exclusion, back.reader) == ("own", "unreadable", "7")


def test_an_image_without_findings_keeps_its_size():
    assert again(drawn_image()).shape == SIZE


def test_a_reader_who_is_no_number_is_not_written():
    assert "completed_by" not in task_of(drawn_image(reader="Dr. A"))["annotations"][0]


def test_a_prediction_has_a_score_and_a_version():
    scored = [Region("metastasis", SQUARE, score=score) for score in (0.5, 1.0)]
    (prediction,) = task_of(drawn_image(*scored, reader="7"), as_prediction=True)["predictions"]
    assert (prediction["score"], prediction["model_version"]) == (0.75, "7")
    assert again(drawn_image(*scored), as_prediction=True).regions == tuple(scored)
    (bare,) = task_of(drawn_image(), as_prediction=True)["predictions"]
    assert bare == {"result": [], "model_version": "converted"}


def test_identifiers_are_stable_and_distinct():
    regions = [Region("metastasis", SQUARE), Region("metastasis", SQUARE), Region("bladder", SQUARE, identifier="a#1")]
    regions += [Region("bladder", SQUARE, identifier="x"), Region("bladder", SQUARE, identifier="x")]
    first, second = (result_of(task_of(drawn_image(*regions))) for _ in range(2))
    assert first == second
    names = [entry["id"] for entry in first]
    assert len(set(names)) == 5
    assert not any("#" in name for name in names)
    assert names[3] == "x"


def recorded(name, number):
    task = json.loads((RECORDED / f"{name}.json").read_text())[number]
    return drawn_of_task(task, "", Origin(name, "", "label-studio", ""), RECORDED, KEEPING_MARKS).images


EVERY = [
    *(("turned_images", number) for number in range(5)),
    *(("labels_and_shapes", number) for number in range(2)),
    ("two_images", 0),
    ("pages", 0),
]


@pytest.mark.parametrize(("name", "number"), EVERY)
@pytest.mark.parametrize("max_points", [None, 60])
def test_what_label_studio_said_comes_back_unchanged(name, number, max_points):
    for drawn in recorded(name, number):
        back = again(drawn, max_points=max_points)
        assert (back.name, back.image, back.shape) == (drawn.name, drawn.image, drawn.shape)
        assert (back.exclusion, back.remarks) == (drawn.exclusion, drawn.remarks)
        assert back.notes == tuple(note for note in drawn.notes if "is taken for the task's only image" not in note)
        assert [region.group for region in back.regions] == [region.group for region in drawn.regions]
        assert [(mark.kind, mark.label) for mark in back.marks] == [(mark.kind, mark.label) for mark in drawn.marks]
        assert back.kept["data"] == drawn.kept["data"]
        for label in LABELS:
            first, second = masks(drawn)[label], masks(back)[label]
            assert (
                np.array_equal(first, second) if max_points is None else (not first.any() or dice(first, second) > 0.95)
            )
        for one, other in zip(drawn.regions, back.regions, strict=True):
            assert {**other.kept, "from_name": ""} == {**one.kept, "from_name": ""}


def test_what_another_format_keeps_is_not_written():
    odd = Region("metastasis", SQUARE, kept={"description": "x"})
    task = task_of(drawn_image(odd, kept={"flags": {"a": True}, "said": [{"type": "choices"}]}))
    assert set(task) == {"data", "meta", "annotations"}
    assert task["data"] == {"image": "a.png"}
    assert "description" not in result_of(task)[0]


def test_labelme_outlines_come_back_through_label_studio():
    shapes = [
        {"label": "metastasis", "shape_type": "circle", "points": [[20.3, 20.1], [25.7, 22.2]]},
        {"label": "bladder", "shape_type": "rectangle", "points": [[30.5, 40.25], [35, 33]]},
        {"label": "metastasis", "shape_type": "polygon", "points": [[1.5, 1.25], [9, 2], [4, 11.125]]},
    ]
    content = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": "a.png", "imageData": None}
    document = read_labelme(json.dumps(content | {"imageHeight": 64, "imageWidth": 48}).encode(), "a.json")
    drawn = drawn_image(*document.regions)
    assert [entry["type"] for entry in result_of(task_of(drawn))] == [
        "ellipselabels",
        "rectanglelabels",
        "polygonlabels",
    ]
    for label in LABELS:
        assert np.array_equal(masks(again(drawn))[label], masks(drawn)[label])


def controls_of(xml):
    return {tag.get("name"): tag for tag in ElementTree.fromstring(xml).iter() if tag.get("toName")}  # noqa: S314


def test_the_configuration_has_a_control_for_every_entry_that_is_written():
    for name, number in EVERY:
        for drawn in recorded(name, number):
            task = task_of(drawn)
            controls = controls_of(labelling_config(used_by(task)))
            entries = [entry for entry in result_of(task) if entry["type"] != "relation"]
            assert {entry["from_name"] for entry in entries} <= set(controls)
            for entry in entries:
                assert controls[entry["from_name"]].tag.lower() == entry["type"]


def test_the_configuration_offers_the_labels_of_marks_and_what_was_chosen():
    (anterior, _) = recorded("two_images", 0)
    used = used_by(task_of(anterior)) | used_by(task_of(drawn_image(marks=(Mark("point", "rib", ((5, 6),)),))))
    config = labelling_config(used)
    controls = controls_of(config)
    assert '<Relations><Relation value="same lesion" /></Relations>' in config
    assert [label.get("value") for label in controls["point"]] == ["metastasis", "bladder", "rib"]
    assert [choice.get("value") for choice in controls["sure"]] == ["unsure"]
    assert controls["sure"].get("perRegion") == "true"


def test_the_configuration_is_one_that_is_read_here():
    config = read_config(labelling_config(), "config")
    assert config.images == {"image": "image"}
    assert config.drawable == {"image"}
    assert config.choices == {"exclusion"}
