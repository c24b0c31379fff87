"""What the real Label Studio 1.23.2 stored when these shapes were drawn in its editor, in Chromium.

The image has 80 rows × 120 columns and a white mark on rows 2 to 11, columns 2 to 21. It was turned with the editor's
button, and the polygon was drawn around the mark where it then stood on the screen.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from converters.drawn import Dialect, Origin
from converters.label_studio_images import drawn_of_task
from converters.rasterise import draw

RECORDED = Path(__file__).parents[1] / "fixtures" / "label_studio"
KEEPING_MARKS = Dialect(keep_marks=True)
MARK = np.zeros((80, 120), bool)
MARK[2:12, 2:22] = True


def tasks(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


def images_of(name, number, dialect=KEEPING_MARKS):
    found = drawn_of_task(tasks(name)[number], f"[{number}]", Origin(name, "", "label-studio", ""), RECORDED, dialect)
    assert found.problems == ()
    return found.images


def masks(drawn):
    return [draw([region], drawn.shape).masks[region.label] for region in drawn.regions]


@pytest.mark.parametrize("turns", range(4))
def test_outlines_drawn_on_a_turned_image_lie_on_the_unturned_one(turns):
    (drawn,) = images_of("turned_images", turns)
    assert drawn.shape == (80, 120)
    around_the_mark = masks(drawn)[0]
    if turns < 2:
        assert np.array_equal(around_the_mark, MARK)
    else:  # part of the mark was beyond the edge of the window
        assert np.count_nonzero(around_the_mark) > 15
        assert not (around_the_mark & ~MARK).any()
    assert drawn.notes == (
        (f"the image was turned by {90 * turns} degrees on the screen; outlines are read unturned",) if turns else ()
    )


@pytest.mark.parametrize("kind", [3, 4], ids=["brush", "bitmask"])
def test_painted_pixels_of_a_turned_image_lie_on_the_unturned_one(kind):
    painted = [masks(images_of("turned_images", turns)[0])[kind] for turns in range(4)]
    middle = (40, 45) if kind == 3 else (60, 40)
    for mask in painted:
        assert mask[middle]
        assert np.count_nonzero(mask & painted[0]) > 0.6 * np.count_nonzero(mask | painted[0])


def test_figures_turn_the_same_way_on_an_image_that_is_turned_itself():
    unturned, turned = (images_of("turned_images", turns)[0].regions for turns in (0, 1))
    for index, (kind, degrees) in ((1, ("rectangle", 30)), (2, ("ellipse", 40))):
        figures = [regions[index].shape.figure for regions in (unturned, turned)]
        assert [(figure.kind, figure.degrees) for figure in figures] == [(kind, degrees)] * 2
        assert np.allclose(figures[0].points, figures[1].points, atol=0.05)
    corner, opposite = unturned[1].shape.figure.points
    width, height = opposite[0] - corner[0], opposite[1] - corner[1]
    cosine, sine = np.cos(np.radians(30)), np.sin(np.radians(30))
    second = (corner[0] + width * cosine, corner[1] + width * sine)
    assert np.allclose(unturned[1].shape.exterior[1], second, atol=1e-6)
    assert np.allclose(
        unturned[1].shape.exterior[2], (second[0] - height * sine, second[1] + height * cosine), atol=1e-6
    )


def test_points_and_open_vectors_are_marks_and_closed_vectors_are_regions():
    (open_path,), (closed_path,) = images_of("turned_images", 0), images_of("turned_images", 3)
    assert [mark.kind for mark in open_path.marks] == ["point", "line"]
    assert np.allclose(open_path.marks[0].points, [(90.5, 10.5)], atol=0.1)
    assert np.allclose(open_path.marks[1].points, [(85, 45), (110, 45), (110, 70)], atol=0.1)
    assert [mark.kind for mark in closed_path.marks] == ["point"]
    assert np.allclose(closed_path.regions[-1].shape.exterior, [(85, 45), (110, 45), (110, 70)], atol=0.1)


def test_a_curved_vector_covers_what_the_editor_showed():
    """Its filled pixels on the screen came to 551 to 560 pixels of the image."""
    (drawn,) = images_of("turned_images", 4)
    assert 548 <= np.count_nonzero(masks(drawn)[2]) <= 560
    assert len(drawn.regions[2].shape.exterior) > 100


def test_plain_shapes_have_the_labels_of_the_entries_of_their_id():
    (drawn,) = images_of("labels_and_shapes", 0)
    assert [region.label for region in drawn.regions] == ["metastasis", "bladder", *["metastasis"] * 3]
    assert [
        region.shape.figure and region.shape.figure.kind for region in drawn.regions if hasattr(region.shape, "figure")
    ] == [
        None,
        "rectangle",
        "ellipse",
        None,
    ]
    assert [(mark.kind, mark.label) for mark in drawn.marks] == [("point", "metastasis")]
    (painted,) = images_of("labels_and_shapes", 1)
    assert [region.label for region in painted.regions] == ["metastasis"]


@pytest.mark.parametrize("number", [0, 1])
def test_json_min_gives_the_same_masks(number):
    (whole,), (short,) = images_of("labels_and_shapes", number), images_of("labels_and_shapes_min", number)
    assert len(whole.regions) == len(short.regions)
    assert len(whole.marks) == len(short.marks)
    first, second = draw(whole.regions, whole.shape).masks, draw(short.regions, short.shape).masks
    assert all(np.array_equal(first[label], second[label]) for label in first)
    assert (whole.reader, whole.image) == (short.reader, short.image)


def test_every_image_of_a_task_has_its_own_regions_choices_and_relations():
    anterior, posterior = images_of("two_images", 0)
    assert (anterior.stem, anterior.shape, posterior.stem, posterior.shape) == ("ant", (80, 120), "post", (90, 60))
    assert [region.group for region in anterior.regions] == [1, 1]
    assert [region.group for region in posterior.regions] == [None]
    assert (anterior.exclusion, posterior.exclusion) == ("cannot be settled", None)
    assert anterior.remarks == ("sure: unsure", "note: a text", "relation: same lesion")
    assert posterior.remarks == ()
    assert anterior.kept["data"] == {"study": "s1"}


def test_what_was_said_of_one_region_goes_with_it():
    anterior, _ = images_of("two_images", 0)
    assert anterior.regions[0].kept["meta"] == {"text": ["a note"]}
    (said,) = anterior.regions[0].kept["further"]
    assert said == {
        "type": "choices",
        "from_name": "sure",
        "meta": {"text": ["a note"]},
        "value": {"choices": ["unsure"]},
    }
    assert "further" not in anterior.regions[1].kept


def test_every_page_is_an_image_and_what_is_said_of_a_page_is_about_no_other():
    first, second = images_of("pages", 0)
    assert [(page.stem, page.shape, page.exclusion) for page in (first, second)] == [
        ("page0", (80, 120), None),
        ("page1", (90, 60), "unreadable"),
    ]
    assert [region.label for page in (first, second) for region in page.regions] == ["metastasis", "bladder"]


def test_json_min_does_not_say_which_page_was_drawn_on():
    found = drawn_of_task(tasks("pages_min")[0], "[0]", Origin("min", "", "label-studio", ""), RECORDED, KEEPING_MARKS)
    assert not found.images
    assert [problem.field for problem in found.problems if "which page" in problem.message] == [
        "[0].label[0].item_index",
        "[0].label[1].item_index",
    ]


def test_a_typed_text_is_not_repeated():
    anterior, _ = images_of("two_images_min", 0)
    assert anterior.remarks == ("sure: a text",)  # without the configuration a choice cannot be told from a text
    assert anterior.exclusion == "cannot be settled"
