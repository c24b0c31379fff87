"""What was checked is at hand when it is drawn; nothing else is."""

import numpy as np
import pytest

from converters.flat_polygons import flattened, flattened_rings
from converters.outlines import surely_mean_something
from converters.rasterise import draw
from converters.regions import Polygon, Region

SHAPE = (24, 16)
A = Polygon(((1.0, 1.0), (9.0, 1.0), (9.0, 9.0)))
B = Polygon(((3.0, 3.0), (12.0, 3.0), (12.0, 20.0), (3.0, 20.0)), (((5.0, 5.0), (8.0, 5.0), (8.0, 8.0)),))


def same_as(polygon):
    return Polygon(polygon.exterior, polygon.holes)


def test_the_rings_come_back_open_and_rounded():
    flat = flattened([A, Polygon(((1.00000004, 2.0), (3.0, 4.0), (5.0, 1 / 3)))])
    assert [ring.tolist() for ring in flat.rings_of(0)] == [list(map(list, A.exterior))]
    assert [ring.tolist() for ring in flat.rings_of(1)] == [[[1.0, 2.0], [3.0, 4.0], [5.0, 0.3333333]]]


def test_holes_belong_to_their_polygon():
    flat = flattened([A, B, A])
    assert [len(flat.rings_of(index)) for index in range(3)] == [1, 2, 1]
    assert flat.simple.tolist() == [True, True, True]
    assert [area.area for area in flat.areas] == [32, 9 * 17 - 4.5, 32]
    assert np.array_equal(flat.low, [(1, 1), (3, 3), (1, 1)])
    assert np.array_equal(flat.high, [(9, 9), (12, 20), (9, 9)])


@pytest.mark.parametrize("points", [1, 2, 3])
def test_a_ring_that_encloses_nothing_is_not_simple(points):
    line = tuple((float(index), 1.0) for index in range(points))
    assert flattened([A, Polygon(line)]).simple.tolist() == [True, False]


def test_rings_of_arrays_are_taken_as_they_are():
    ring = np.array([(0.123456789, 0.0), (2.0, 0.0), (2.0, 2.0)])
    assert np.array_equal(flattened_rings([ring], [1]).rings_of(0), [ring])


def test_polygons_that_were_kept_are_known_by_identity_only():
    flat = flattened([A, B], keep=True)
    assert flattened([A, B]) is flat
    assert flattened([B, A]) is not flat
    assert flattened([A]) is not flat
    assert flattened([same_as(A), B]) is not flat


@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param([A, B], id="all"),
        pytest.param([B, A], id="in another order"),
        pytest.param([B], id="some"),
        pytest.param([same_as(A), B], id="others that are alike"),
        pytest.param([A, B, A], id="more"),
    ],
)
@pytest.mark.parametrize("shape", [SHAPE, (10, 10)])
def test_a_mask_does_not_depend_on_what_was_checked_before(drawn, shape):
    regions = [Region("bladder", polygon) for polygon in drawn]
    surely_mean_something([same_as(polygon) for polygon in drawn], shape)
    expected = draw(regions, shape)
    surely_mean_something([A, B], SHAPE)
    again = draw(regions, shape)
    assert np.array_equal(again.masks["bladder"], expected.masks["bladder"])
    assert again.clipped_parts == expected.clipped_parts
