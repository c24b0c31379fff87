"""Filling many polygons at once gives what filling each alone gives, however the work is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters import scanline
from converters.errors import BadRegion
from converters.outlines import check_polygon, surely_mean_something
from converters.rasterise import draw
from converters.regions import Polygon, Region

SHAPE = (24, 16)
number = st.one_of(st.integers(-4, 40).map(lambda half: half / 2), st.floats(-6, 30))
ring = st.lists(st.tuples(number, number), min_size=3, max_size=9).map(tuple)
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


@settings(deadline=None)
@given(st.lists(polygon, min_size=1, max_size=5))
def test_what_is_surely_fine_is_fine(listed):
    for one, sure in zip(listed, surely_mean_something(listed, SHAPE), strict=True):
        try:
            check_polygon(one, SHAPE)
        except BadRegion:
            assert not sure
