import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters import parts
from converters.errors import BadRegion
from converters.outlines import check_polygon
from converters.parts import encloses_area, follow_pixel_borders, parts_of, pixels_of_coreless_parts
from converters.rasterise import draw
from converters.regions import Polygon, Region
from converters.seams import sew
from converters.trace import trace

SHAPE = (24, 16)
SQUARE = np.array([(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)])
HOLE = np.array([(2.5, 2.0), (5.0, 2.5), (3.0, 5.0)])


def star(points, step=2):
    """Every `step`-th corner of a regular polygon in turn; for step 2 it crosses itself once per point."""
    angles = 2 * math.pi * step * np.arange(points) / points
    return np.stack([12 + 10 * np.cos(angles), 12 + 10 * np.sin(angles)], axis=1)


def areas(rings):
    return sorted(round(part.area, 6) for part in parts_of(rings))


@pytest.mark.parametrize(
    ("rings", "expected"),
    [
        pytest.param([SQUARE], [64], id="a square"),
        pytest.param([SQUARE, HOLE], [64 - 3.625], id="one with a hole"),
        pytest.param([SQUARE, SQUARE + 20], [64, 64], id="two apart"),
        pytest.param([SQUARE, SQUARE + 4], [48, 48], id="two that overlap"),
        pytest.param([SQUARE, SQUARE], [], id="one drawn twice"),
        pytest.param([SQUARE, SQUARE, SQUARE], [64], id="one drawn three times"),
        pytest.param([SQUARE[[0, 2, 1, 3]]], [16, 16], id="a figure of eight"),
        pytest.param([SQUARE[[0, 1, 2, 1]]], [], id="there and back"),
        pytest.param([SQUARE[[0, 0, 1, 1, 2, 3, 3]]], [64], id="points that are met twice in a row"),
        pytest.param([SQUARE[[0, 1, 2]] * 1e-6], [], id="less than rounding"),
    ],
)
def test_the_parts_are_what_the_even_odd_rule_encloses(rings, expected):
    assert areas(rings) == pytest.approx(expected)
    assert encloses_area(rings) == bool(expected)


def test_a_seam_is_no_part_of_the_outline():
    ring = np.array(sew(Polygon(tuple(map(tuple, SQUARE)), (tuple(map(tuple, HOLE)),))))
    assert areas([ring]) == areas([SQUARE, HOLE])


@pytest.mark.parametrize("at_once", [1, 3, 256])
@pytest.mark.parametrize("points", [5, 9])
def test_an_outline_may_cross_itself_up_to_the_limit(monkeypatch, at_once, points):
    monkeypatch.setattr(parts, "SEGMENTS_AT_ONCE", at_once)
    monkeypatch.setattr(parts, "MOST_CROSSINGS", points)
    assert parts_of([star(points)])
    monkeypatch.setattr(parts, "MOST_CROSSINGS", points - 1)
    with pytest.raises(BadRegion, match=f"more than {points - 1} times"):
        parts_of([star(points)])


def test_a_scribble_without_end_is_refused():
    scribble = np.random.default_rng(1).uniform(0, 16, (500, 2))
    with pytest.raises(BadRegion, match="redraw it"):
        draw([Region("metastasis", Polygon(tuple(map(tuple, scribble.tolist()))))], SHAPE)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 19), st.floats(-3, 27)), min_size=3, max_size=9))
def test_a_part_without_a_centre_becomes_a_pixel_that_it_reaches(points):
    rings = [np.round(points, 7)]
    reached = shapely.union_all(parts_of(rings)).buffer(1e-9)
    for column, row in pixels_of_coreless_parts(rings, SHAPE):
        assert shapely.box(column, row, column + 1, row + 1).intersects(reached)
        assert 0 <= column < SHAPE[1]
        assert 0 <= row < SHAPE[0]


place = st.tuples(st.integers(-3, 20), st.integers(-3, 20))


@settings(deadline=None)
@given(st.lists(place, min_size=2, max_size=8))
def test_along_borders_of_pixels_the_quick_answers_are_the_thorough_ones(places):
    ahead = [*places[1:], places[0]]
    corners = [((x, y), (next_x, y)) for (x, y), (next_x, _) in zip(places, ahead, strict=True)]
    ring = np.array(corners, float).reshape(-1, 2)
    assert follow_pixel_borders([ring])
    thoroughly = parts_of([ring])
    assert encloses_area([ring]) == bool(thoroughly)
    with pytest.MonkeyPatch.context() as patch:
        quick = pixels_of_coreless_parts([ring], SHAPE)
        patch.setattr(parts, "follow_pixel_borders", lambda _: False)
        assert pixels_of_coreless_parts([ring], SHAPE) == quick


@pytest.mark.parametrize(
    "ring",
    [
        pytest.param(SQUARE + 0.5, id="between pixels"),
        pytest.param(SQUARE[:3], id="slanted"),
    ],
)
def test_not_every_outline_follows_borders_of_pixels(ring):
    assert not follow_pixel_borders([ring])


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_traced_masks_need_no_search_for_small_parts(mask):
    traced = trace(mask, "bladder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "parts_of", None)
        drawing = draw(traced, mask.shape)
        assert [check_polygon(region.shape, mask.shape) for region in traced] == [region.shape for region in traced]
    assert np.array_equal(drawing.masks["bladder"], mask)
    assert drawing.one_pixel_parts == 0


def test_an_outline_that_touches_itself_at_a_corner_counts_as_crossing():
    drawing = draw(trace(np.eye(2, dtype=bool), "bladder"), (2, 2))
    assert drawing.crossing_outlines == 1
