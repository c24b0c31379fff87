import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.coco import coco_document, coco_entries, read_coco
from converters.drawn import Dialect, DrawnImage, Origin
from converters.pieces import patch_of
from converters.rasterise import draw
from converters.regions import Mark, Region
from converters.trace import trace

ORIGIN = Origin("a.json", "", "coco", "")
KEEPING = Dialect(keep_marks=True)
ROWS, COLUMNS = 32, 24


def drawn_image(*regions, shape=(ROWS, COLUMNS), reader="2", **more):
    return DrawnImage(more.pop("origin", ORIGIN), "a", reader, "scans/a.png", *shape, regions, **more)


def written(*images):
    told = coco_document(coco_entries(one, draw(one.regions, one.shape)) for one in images)
    return json.loads(json.dumps(told, allow_nan=False))


def read(told, dialect=KEEPING):
    return read_coco(told, "a.json", ORIGIN, dialect)


def read_one(told, dialect=KEEPING):
    found = read(told, dialect)
    assert found.problems == ()
    (drawn,) = found.images
    return drawn


def covered(drawn, label="metastasis"):
    return draw(drawn.regions, drawn.shape).masks[label]


labels = st.sampled_from(["metastasis", "bladder"])


@st.composite
def drawings(draw_from):
    """Painted and outlined masks with holes, parts and single pixels, some of them parts of one lesion."""
    shape = draw_from(st.tuples(st.integers(1, 10), st.integers(1, 10)))
    regions = []
    for _ in range(draw_from(st.integers(0, 4))):
        mask = draw_from(arrays(bool, shape).filter(np.any))
        label = draw_from(labels)
        group = draw_from(st.none() | st.integers(1, 2))
        painted = Region(label, patch_of(mask), group=group)
        outlined = [Region(label, region.shape, group=group) for region in trace(mask, label)]
        regions += draw_from(st.sampled_from([[painted], outlined]))
    return shape, tuple(regions)


@given(drawings())
@settings(max_examples=100)
def test_every_mask_comes_back_exactly(drawing):
    shape, regions = drawing
    before = drawn_image(*regions, shape=shape)
    after = read_one(written(before))
    assert after.problems == ()
    assert (after.shape, after.reader, after.image) == (shape, "2", "scans/a.png")
    for label in ("metastasis", "bladder"):
        assert np.array_equal(covered(after, label), covered(before, label))


@given(drawings())
@settings(max_examples=50)
def test_what_was_written_is_written_again_the_same(drawing):
    shape, regions = drawing
    once = written(drawn_image(*regions, shape=shape))
    assert written(*read(once).images) == once


def test_a_group_is_one_annotation_and_every_other_region_one_of_its_own():
    dots = [
        Region("metastasis", patch_of(np.eye(1, dtype=bool), n, n), group=group) for n, group in enumerate([7, None, 7])
    ]
    told = written(drawn_image(*dots, Region("bladder", dots[0].shape, group=7)))
    assert [(one["category_id"], one["area"], one["bbox"]) for one in told["annotations"]] == [
        (1, 2, [0, 0, 3, 3]),
        (1, 1, [1, 1, 1, 1]),
        (2, 1, [0, 0, 1, 1]),
    ]


def test_labels_are_written_as_drawn_though_they_overlap():
    square = patch_of(np.ones((4, 4), bool))
    told = written(drawn_image(Region("metastasis", square), Region("bladder", square)))
    assert [one["area"] for one in told["annotations"]] == [16, 16]


def test_annotations_of_many_images_are_numbered_in_their_order():
    square = Region("metastasis", patch_of(np.ones((4, 4), bool)))
    told = written(drawn_image(square, square), drawn_image(), drawn_image(square))
    assert [one["id"] for one in told["images"]] == [1, 2, 3]
    assert [(one["id"], one["image_id"]) for one in told["annotations"]] == [(1, 1), (2, 1), (3, 3)]


def test_what_the_reader_says_of_the_image_comes_back():
    before = drawn_image(exclusion="unreadable", remarks=("quality: poor",))
    after = read_one(written(before))
    assert (after.exclusion, after.remarks) == ("unreadable", ("quality: poor",))


def test_score_suggestion_and_name_of_a_region_come_back():
    square = patch_of(np.ones((4, 4), bool))
    before = drawn_image(Region("metastasis", square, score=0.25, suggested=True, identifier="x7"))
    (region,) = read_one(written(before)).regions
    assert (region.score, region.suggested, region.identifier) == (0.25, True, "x7")


def test_marks_come_back_and_are_no_annotations():
    marks = (Mark("line", "spine", ((1.5, 2), (3, 4)), 3, "m"), Mark("point", "hot", ((1, 1),)))
    told = written(drawn_image(marks=marks))
    assert told["annotations"] == []
    assert read_one(told).marks == marks


def of_others(year=2026):
    """A document with keys that nobody here knows, everywhere."""
    return {
        "info": {"year": year},
        "licenses": [{"id": 3}],
        "images": [{"id": 4, "file_name": "a.png", "width": 24, "height": 32, "license": 3, "coco_url": "u"}],
        "categories": [{"id": 9, "name": "metastasis", "supercategory": "lesion"}],
        "annotations": [
            {
                "id": 5,
                "image_id": 4,
                "category_id": 9,
                "segmentation": [[2, 3, 12, 3, 12, 13]],
                "iscrowd": 1,
                "attributes": {"occluded": False},
            }
        ],
    }


def test_unknown_keys_survive_everywhere():
    again = written(*read(of_others()).images)
    assert (again["info"], again["licenses"]) == ({"year": 2026}, [{"id": 3}])
    assert (again["images"][0]["license"], again["images"][0]["coco_url"]) == (3, "u")
    assert again["annotations"][0]["attributes"] == {"occluded": False}
    assert again["annotations"][0]["iscrowd"] == 1
    assert again["categories"][0] == {"id": 1, "name": "metastasis", "supercategory": "lesion"}
    assert written(*read(again).images) == again


def test_documents_that_say_different_things_keep_them_at_their_images():
    again = written(*(read_one(of_others(year)) for year in (2025, 2026)))
    assert "info" not in again
    assert [told["document"]["info"]["year"] for told in again["images"]] == [2025, 2026]
    assert written(*read(again).images) == again


def test_keys_of_other_formats_stay_there():
    origin = Origin("a.json", "", "labelme", "5")
    square = Region("metastasis", patch_of(np.ones((4, 4), bool)), kept={"flags": {"x": True}})
    told = written(drawn_image(square, origin=origin, kept={"imageData": "…"}))
    assert "flags" not in told["annotations"][0]
    assert "imageData" not in told["images"][0]
