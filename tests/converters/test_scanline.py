"""Filling many polygons at once gives what filling each alone gives, however the work is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters import scanline
from converters.outlines import check_polygon, surely_mean_something
from converters.rasterise import draw
from converters.regions import Polygon, Region

SHAPE = (24, 16)
number = st.one_of(st.integers(-4, 40).map(lambda half: half / 2), st.floats(-6, 30))
point = st.tuples(number, number)
drawn = st.lists(point, min_size=3, max_size=9).map(tuple)
speck = st.builds(
    lambda corner, width, height: (corner, (corner[0] + width, corner[1]), (corner[0], corner[1] + height)),
    point,
    st.floats(1e-6, 0.9),
    st.floats(1e-6, 0.9),
)
outside = drawn.map(lambda ring: tuple((column + 40, row) for column, row in ring))
ring = st.one_of(drawn, speck, outside)
polygon = st.builds(Polygon, ring, st.lists(ring, max_size=2).map(tuple))
regions = st.lists(st.builds(Region, st.sampled_from(["metastasis", "bladder"]), polygon), max_size=6)


@settings(deadline=None)
@given(regions)
def test_regions_drawn_together_cover_what_each_covers_alone(listed):
    together, alone = draw(listed, SHAPE), [draw([one], SHAPE) for one in listed]
    for label in ("metastasis", "bladder"):
        united = np.zeros(SHAPE, bool)
        for one in alone:
            united |= one.masks[label]
        assert np.array_equal(together.masks[label], united)
    for counted in ("one_pixel_parts", "clipped_parts", "crossing_outlines"):
        assert getattr(together, counted) == sum(getattr(one, counted) for one in alone)
    assert together.overlap_pixels == (together.masks["metastasis"] & together.masks["bladder"]).sum()


@settings(deadline=None)
@given(regions, st.integers(1, 60))
def test_the_masks_do_not_depend_on_how_much_is_worked_on_at_once(listed, cells):
    whole = draw(listed, SHAPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanline, "CELLS_AT_ONCE", cells)
        cut = draw(listed, SHAPE)
    assert all(np.array_equal(whole.masks[label], cut.masks[label]) for label in whole.masks)


nudge = st.sampled_from([0, 1e-12, 4e-8, 5e-8, 6e-8, 1e-7, 3e-7, 1e-4])
far = st.sampled_from([0.0, 1.0, 8.0, 23.5, 9e5])
nearly_nothing = st.lists(st.builds(lambda x, y, by: (x + by, y - by), far, far, nudge), min_size=3, max_size=9)
"""Corners that nearly are the same ones, on lines that nearly are one."""


@settings(deadline=None)
@given(
    st.lists(st.one_of(polygon, nearly_nothing.map(lambda ring: Polygon(tuple(ring)))), min_size=1, max_size=5),
    st.sampled_from([SHAPE, (None, None), (3, None), (1, 1)]),
)
def test_what_is_surely_fine_is_fine(listed, size):
    for one, sure in zip(listed, surely_mean_something(listed, size), strict=True):
        if sure:
            assert check_polygon(one, size) is one


def test_what_a_reader_usually_draws_is_surely_fine():
    outline = Polygon(((2.0, 2.0), (9.0, 3.0), (8.0, 12.0)), (((4.0, 4.0), (6.0, 4.0), (6.0, 6.0)),))
    assert surely_mean_something([outline, outline], SHAPE) == [True, True]
    assert surely_mean_something([], SHAPE) == []
