import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.rasterise import draw
from converters.regions import Polygon, Region
from converters.vectors import path_of

SIZE = (200, 100)
CIRCLE = 0.5522847498
"""Length of the control line, in radii, with which four Bézier curves come close to a circle."""


def vertex(name, x, y, previous=None, before=None, after=None):
    bent = {} if before is None else {"controlPoint1": {"x": before[0], "y": before[1]}}
    bent |= {} if after is None else {"controlPoint2": {"x": after[0], "y": after[1]}}
    return {"id": name, "x": x, "y": y, "prevPointId": previous, "isBezier": bool(bent)} | bent


def area(ring):
    columns, rows = np.array(ring).T
    return abs(columns @ np.roll(rows, -1) - rows @ np.roll(columns, -1)) / 2


def test_percent_become_pixels():
    points, closed = path_of({"vertices": [vertex("a", 10, 10), vertex("b", 50, 10, "a")], "closed": False}, *SIZE)
    assert (points, closed) == (((10, 20), (50, 20)), False)


def test_four_curves_make_a_circle():
    length = 20 * CIRCLE
    vertices = [
        vertex("e", 70, 50, "n", (70, 50 - length), (70, 50 + length)),
        vertex("s", 50, 70, "e", (50 + length, 70), (50 - length, 70)),
        vertex("w", 30, 50, "s", (30, 50 + length), (30, 50 - length)),
        vertex("n", 50, 30, "w", (50 - length, 30), (50 + length, 30)),
    ]
    points, closed = path_of({"vertices": vertices, "closed": True}, 100, 100)
    assert closed
    assert area(points) == pytest.approx(math.pi * 20**2, rel=1e-3)
    assert all(math.hypot(column - 50, row - 50) == pytest.approx(20, abs=0.01) for column, row in points)
    mask = draw([Region("bladder", Polygon(points))], (100, 100)).masks["bladder"]
    rows, columns = np.mgrid[:100, :100] + 0.5
    assert np.count_nonzero(mask ^ (np.hypot(columns - 50, rows - 50) <= 20)) <= 8


def test_a_line_bent_at_one_end_eases_in_at_the_other():
    start, end = vertex("a", 0, 0, after=(30, 0)), vertex("b", 100, 0, "a")
    points, _ = path_of({"vertices": [start, end], "closed": False}, 100, 100)
    along = np.arange(len(points)) / (len(points) - 1)
    expected = 3 * (1 - along) ** 2 * along * 30 + 3 * (1 - along) * along**2 * 70 + along**3 * 100
    assert np.allclose(points, np.stack([expected, np.zeros(len(points))], axis=1))


def test_vertices_are_put_in_the_order_in_which_they_follow_each_other():
    inserted = [vertex("a", 10, 10, "c"), vertex("c", 90, 90, "b"), vertex("b", 90, 10, "a")]
    points, _ = path_of({"vertices": inserted, "closed": True}, 100, 100)
    assert points == ((10, 10), (90, 10), (90, 90))


def test_a_path_may_begin_anywhere_in_the_list():
    vertices = [vertex("b", 50, 10, "a"), vertex("a", 10, 10), vertex("c", 90, 10, "b")]
    vertices[1]["prevPointId"] = "unknown"
    points, _ = path_of({"vertices": vertices, "closed": False}, 100, 100)
    assert points == ((10, 10), (50, 10), (90, 10))


@pytest.mark.parametrize(
    "form", [[[10, 10], [90, 10], [90, 90]], [{"x": 10, "y": 10}, {"x": 90, "y": 10}, {"x": 90, "y": 90}]]
)
def test_vertices_without_names_follow_each_other_as_listed(form):
    points, closed = path_of({"vertices": form}, 100, 100)
    assert (points, closed) == (((10, 10), (90, 10), (90, 90)), False)


def test_a_path_that_does_not_say_is_closed_if_its_first_vertex_follows_its_last():
    closed = [vertex("a", 10, 10, "c"), vertex("b", 90, 10, "a"), vertex("c", 90, 90, "b")]
    assert path_of({"vertices": closed}, 100, 100)[1]


places = st.floats(0, 100)
controls = st.none() | st.tuples(places, places)
bent = st.lists(st.tuples(places, places, controls, controls), min_size=2, max_size=5)


@given(bent, st.booleans())
def test_every_resolved_point_lies_within_its_curves_control_points(drawn, closed):
    vertices = [
        vertex(str(number), x, y, str(number - 1) if number else None, before, after)
        for number, (x, y, before, after) in enumerate(drawn)
    ]
    points, _ = path_of({"vertices": vertices, "closed": closed}, 100, 100)
    every = [place for x, y, *more in drawn for place in ((x, y), *(one for one in more if one))]
    low, high = np.min(every, axis=0) - 1e-9, np.max(every, axis=0) + 1e-9
    assert (np.array(points) >= low).all()
    assert (np.array(points) <= high).all()
    assert set(points) >= {(x, y) for x, y, *_ in drawn} or closed
