from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.errors import BadRegion
from converters.rasterise import draw
from converters.regions import MaskPatch, Polygon, Region

SHAPE = (24, 16)
SQUARE = ((0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0))


def metastasis(*points, holes=()):
    return Region("metastasis", Polygon(tuple(points), tuple(holes)))


def pixels(*regions, shape=SHAPE):
    return draw(regions, shape).masks["metastasis"]


def test_a_10_by_10_square_covers_100_pixels():
    square = metastasis((5, 5), (15, 5), (15, 15), (5, 15))
    mask = pixels(square, shape=(1024, 256))
    assert mask.sum() == 100
    assert mask[5:15, 5:15].all()


def test_both_labels_are_present_even_when_nothing_is_drawn():
    drawing = draw([], (3, 2))
    assert {label: mask.shape for label, mask in drawing.masks.items()} == {"metastasis": (3, 2), "bladder": (3, 2)}
    assert not any(mask.any() for mask in drawing.masks.values())


def test_a_centre_on_an_edge_belongs_to_the_polygon_on_its_right_or_below():
    mask = pixels(metastasis((0.5, 0.5), (10.5, 0.5), (10.5, 10.5), (0.5, 10.5)))
    assert mask.sum() == 100
    assert mask[0, 0]
    assert not mask[10].any()
    assert not mask[:, 10].any()


def test_holes_stay_empty():
    mask = pixels(metastasis(*SQUARE, holes=[((2, 2), (5, 2), (5, 5), (2, 5))]))
    assert mask.sum() == 64 - 9
    assert not mask[2:5, 2:5].any()


def test_a_self_crossing_outline_fills_by_the_even_odd_rule():
    pentagram = metastasis((8, 0), (13, 15), (0, 6), (16, 6), (3, 15))
    mask = pixels(pentagram)
    assert not mask[8, 8]
    assert mask[3, 8]


def test_the_direction_and_the_first_point_of_an_outline_do_not_matter():
    ring = ((1.3, 2.2), (9.7, 3.1), (12.4, 17.9), (4.5, 9.5))
    assert np.array_equal(pixels(metastasis(*ring)), pixels(metastasis(*ring[::-1])))
    assert np.array_equal(pixels(metastasis(*ring)), pixels(metastasis(*ring[2:], *ring[:2])))


@pytest.mark.parametrize(
    ("points", "pixel"),
    [
        pytest.param(((3.1, 4.1), (3.3, 4.1), (3.3, 4.3)), (4, 3), id="a speck"),
        pytest.param(((3.6, 1.0), (3.9, 1.0), (3.9, 9.0), (3.6, 9.0)), (5, 3), id="a sliver between centres"),
        pytest.param(((-5.0, 0.0), (0.3, 0.0), (0.3, 10.0), (-5.0, 10.0)), (5, 0), id="the rim of one outside"),
        pytest.param(((15.7, 23.7), (16.0, 23.7), (16.0, 24.0)), (23, 15), id="in the last corner"),
    ],
)
def test_a_part_with_area_that_covers_no_centre_becomes_one_pixel(points, pixel):
    drawing = draw([metastasis(*points)], SHAPE)
    assert list(zip(*np.nonzero(drawing.masks["metastasis"]), strict=True)) == [pixel]
    assert drawing.one_pixel_parts == 1


def test_each_lobe_of_a_figure_of_eight_is_a_part_of_its_own():
    drawing = draw([metastasis((0.0, 1.0), (8.0, 9.0), (8.0, 1.0), (-0.3, 1.4))], SHAPE)
    assert drawing.one_pixel_parts == 1


def test_a_line_covers_nothing():
    drawing = draw([metastasis((1, 1), (5, 5), (3, 3))], SHAPE)
    assert not drawing.masks["metastasis"].any()
    assert drawing.one_pixel_parts == 0


def test_what_reaches_beyond_the_image_is_clipped_and_counted():
    drawing = draw([metastasis((-5, -5), (5, -5), (5, 5), (-5, 5)), metastasis(*SQUARE)], SHAPE)
    assert drawing.masks["metastasis"].sum() == 64
    assert drawing.clipped_parts == 1


def test_wholly_outside_is_nothing():
    drawing = draw([metastasis((30, 30), (40, 30), (40, 40)), metastasis((-9, -9), (-3, -9), (-3, -3))], SHAPE)
    assert not drawing.masks["metastasis"].any()
    assert drawing.clipped_parts == 2


def test_the_bladder_wins_where_labels_overlap_and_what_was_drawn_is_kept():
    bladder = Region("bladder", Polygon(((4, 4), (12, 4), (12, 12), (4, 12))))
    drawing = draw([metastasis(*SQUARE), bladder], SHAPE)
    assert drawing.overlap_pixels == 16
    assert drawing.masks["metastasis"].sum() == 64
    assert drawing.disjoint()["metastasis"].sum() == 48
    assert drawing.disjoint()["bladder"].sum() == 64


def test_painted_regions_are_pasted_and_clipped():
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    drawing = draw([Region("bladder", MaskPatch(-1, -1, ring)), Region("bladder", MaskPatch(5, 5, ring))], SHAPE)
    assert drawing.masks["bladder"].sum() == 3 + 8
    assert drawing.clipped_parts == 1


@pytest.mark.parametrize("kind", [tuple, list, np.array])
def test_outlines_may_be_tuples_lists_or_arrays(kind):
    hole = ((2, 2), (5, 2), (5, 5))
    drawn = Polygon(kind([kind(point) for point in SQUARE]), (kind([kind(point) for point in hole]),))
    assert np.array_equal(pixels(Region("metastasis", drawn)), pixels(metastasis(*SQUARE, holes=[hole])))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e12])
def test_a_coordinate_that_is_no_place_is_refused(bad):
    with pytest.raises(BadRegion, match="not a number"):
        draw([metastasis((1, 1), (5, bad), (5, 5))], SHAPE)


coordinate = st.one_of(st.integers(-30, 270), st.integers(-6, 54).map(lambda half: 5 * half))
"""Tenths of a pixel, often on centres and borders."""


@settings(deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=10, unique=True))
def test_covered_pixels_are_those_with_an_odd_number_of_edges_at_their_left(tenths):
    points = [(Fraction(column, 10), Fraction(row, 10)) for column, row in tenths]
    drawing = draw([metastasis(*((float(column), float(row)) for column, row in points))], SHAPE)
    expected = np.array([crossed(points, row + Fraction(1, 2)) for row in range(24)])
    assert not (expected & ~drawing.masks["metastasis"]).any()
    assert (drawing.masks["metastasis"] & ~expected).sum() <= drawing.one_pixel_parts


def crossed(points, row):
    """In exact arithmetic: for the 16 centres of a row, whether the number of edges at or left of it is odd."""
    at = [
        x0 + (row - y0) / (y1 - y0) * (x1 - x0)
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True)
        if (y0 <= row) != (y1 <= row)
    ]
    return [sum(crossing <= column + Fraction(1, 2) for crossing in at) % 2 == 1 for column in range(16)]


height = st.integers(2, 30).map(lambda half: half / 2)


@given(height, height, st.tuples(height, height))
def test_neighbours_share_no_pixel_and_miss_none(left, right, corner):
    border = ((0.0, left), corner, (16.0, right))
    above = metastasis((0, 0), *border, (16, 0))
    below = metastasis((0, 16), *border, (16, 16))
    drawings = [draw([region], (16, 16)) for region in (above, below)]
    if not any(drawing.one_pixel_parts for drawing in drawings):
        counts = sum(drawing.masks["metastasis"].astype(int) for drawing in drawings)
        assert (counts == 1).all()
