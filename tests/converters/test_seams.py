import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.rasterise import draw
from converters.regions import Polygon, Region
from converters.seams import sew, unpick
from converters.trace import trace

SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
HOLES = (((1.0, 1.0), (3.0, 1.0), (3.0, 3.0)), ((5.0, 5.0), (8.0, 5.0), (8.0, 8.0), (5.0, 8.0)))


def covered(polygon, shape):
    return draw([Region("bladder", polygon)], shape).masks["bladder"]


def test_a_ring_without_holes_is_left_alone():
    assert sew(Polygon(SQUARE)) == SQUARE
    assert unpick(SQUARE) == Polygon(SQUARE)


def test_holes_come_back_from_the_seams():
    ring = sew(Polygon(SQUARE, HOLES))
    assert len(ring) == len(SQUARE) + sum(len(hole) + 2 for hole in HOLES)
    assert unpick(ring) == Polygon(SQUARE, HOLES)


def test_a_ring_that_starts_inside_the_hole_still_has_its_outline_outside():
    ring = sew(Polygon(SQUARE, HOLES[:1]))
    turned = ring[2:] + ring[:2]
    assert set(unpick(turned).exterior) == set(SQUARE)


@given(arrays(bool, st.tuples(st.integers(3, 12), st.integers(3, 12)), fill=st.just(True)))
def test_sewn_masks_cover_the_same_pixels_and_come_apart_as_they_were(mask):
    for region in trace(mask, "bladder"):
        ring = sew(region.shape)
        assert np.array_equal(covered(Polygon(ring), mask.shape), covered(region.shape, mask.shape))
        again = unpick(ring)
        assert again.exterior == region.shape.exterior
        assert set(again.holes) == set(region.shape.holes)
