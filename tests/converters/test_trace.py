import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from converters.errors import BadRegion
from converters.rasterise import draw
from converters.regions import MaskPatch, Polygon, Region
from converters.trace import as_polygons, points_of, simplify, trace

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def components(mask):
    return ndimage.label(mask, np.ones((3, 3)))[1]


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@given(masks)
def test_a_mask_comes_back_exactly_from_its_outlines(mask):
    drawing = draw(trace(mask, "bladder"), mask.shape)
    assert np.array_equal(drawing.masks["bladder"], mask)
    assert drawing.one_pixel_parts == drawing.clipped_parts == 0


@given(masks)
def test_every_8_connected_component_is_one_region(mask):
    regions = trace(mask, "metastasis", score=0.5)
    assert len(regions) == components(mask)
    assert all(components(draw([region], mask.shape).masks["metastasis"]) == 1 for region in regions)


def test_pixels_that_touch_by_a_corner_stay_one_region():
    assert len(trace(np.eye(4, dtype=bool), "metastasis")) == 1


def test_holes_stay_holes_and_the_score_is_kept():
    ring = np.ones((5, 5), bool)
    ring[1:4, 1:4] = False
    (region,) = trace(ring, "bladder", score=0.75)
    assert len(region.shape.holes) == 1
    assert region.score == 0.75


@given(masks, st.integers(0, 3), st.integers(0, 3))
def test_a_painted_region_covers_what_its_outlines_cover(pixels, column, row):
    painted = Region("bladder", MaskPatch(column, row, pixels), score=0.5)
    by_outline = draw(as_polygons(painted), (20, 20)).masks["bladder"]
    assert np.array_equal(by_outline, draw([painted], (20, 20)).masks["bladder"])


def blobs(seed, smoothing):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(200, 128)), smoothing)
    return noise > np.quantile(noise, 0.9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.5, 6))
def test_a_simplified_lesion_keeps_its_dice_within_60_points(seed, smoothing):
    mask = blobs(seed, smoothing)
    for region in trace(mask, "metastasis"):
        original = draw([region], mask.shape).masks["metastasis"]
        simple = simplify(region, mask.shape)
        floor = 0.95 if original.sum() >= 50 else 0.90
        assert points_of(simple) <= 60
        assert dice(draw([simple], mask.shape).masks["metastasis"], original) >= floor


@given(masks)
def test_the_dice_floor_holds_even_where_60_points_are_too_few(mask):
    for region in trace(mask, "metastasis"):
        original = draw([region], mask.shape).masks["metastasis"]
        kept = draw([simplify(region, mask.shape, max_points=8)], mask.shape).masks["metastasis"]
        assert dice(kept, original) >= (0.95 if original.sum() >= 50 else 0.90)


def test_simplifying_keeps_what_else_the_region_says():
    region = Region("bladder", Polygon(((0, 0), (9, 0), (9, 9), (0, 9))), score=0.5, suggested=True)
    assert simplify(region, (10, 10)) == region


def test_painted_pieces_apart_from_each_other_cannot_be_simplified_into_one():
    apart = Region("bladder", MaskPatch(0, 0, np.array([[True, False, True]])))
    with pytest.raises(BadRegion, match="2 pieces"):
        simplify(apart, (4, 4))
