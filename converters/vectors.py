"""Label Studio's vector: vertices that each name the one before them, joined by straight lines or Bézier curves.

A vertex that is bent has a control point for the line that comes in (`controlPoint1`) and one for the line that goes
out (`controlPoint2`). Where only one end of a line is bent, the other end's control point lies `EASE` of the way along.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from converters.errors import BadRegion
from converters.limits import MOST_POINTS
from converters.outlines import ROUNDNESS, number_of, shortened
from converters.regions import Point, Ring

EASE = 0.3
"""What Label Studio's editor takes for a missing control point: this share of the line, from its unbent end."""

MOST_STEPS = 512
"""Straight pieces that stand for one curve."""

Value = dict[str, Any]


@dataclass(frozen=True)
class _Vertex:
    name: object
    previous: object
    point: Point
    before: Point | None
    after: Point | None


def path_of(value: Value, rows: int, columns: int) -> tuple[Ring, bool]:
    """The points of the path in pixels, curves resolved to within `ROUNDNESS`, and whether it is closed.

    Raises:
        BadRegion: not one path.
    """
    listed = value.get("vertices")
    if not isinstance(listed, list) or not listed:
        raise BadRegion(f"{shortened(listed)} is no list of vertices; draw it again", field="value.vertices")
    if len(listed) > MOST_POINTS:
        message = f"{len(listed):,} vertices are more than {MOST_POINTS:,}; draw it again"
        raise BadRegion(message, field="value.vertices")
    scale = (columns / 100, rows / 100)
    vertices = [_vertex(one, f"value.vertices[{index}]", scale) for index, one in enumerate(listed)]
    closed = value.get("closed")
    if not isinstance(closed, bool):
        closed = isinstance(vertices[0].previous, str) and vertices[0].previous == vertices[-1].name
    path = _in_order(vertices)
    edges = list(zip(path, path[1:] + path[:1], strict=True))
    points: list[Point] = []
    for start, end in edges if closed else edges[:-1]:
        points += _line(start, end)
        if len(points) > MOST_POINTS:
            message = f"the curves have more than {MOST_POINTS:,} points; draw it again"
            raise BadRegion(message, field="value.vertices")
    return tuple(points if closed else [*points, path[-1].point]), closed


def _vertex(one: object, field: str, scale: Point) -> _Vertex:
    if isinstance(one, list) and len(one) == 2:
        one = {"x": one[0], "y": one[1]}
    if not isinstance(one, dict):
        raise BadRegion(f"{shortened(one)} is no vertex", field=field)
    bent = one.get("isBezier") is True
    return _Vertex(
        name=one.get("id"),
        previous=one.get("prevPointId"),
        point=_point(one, field, scale),
        before=_control(one, "controlPoint1", field, scale) if bent else None,
        after=_control(one, "controlPoint2", field, scale) if bent else None,
    )


def _control(one: Value, key: str, field: str, scale: Point) -> Point | None:
    control = one.get(key)
    if control is None:
        return None
    if not isinstance(control, dict):
        raise BadRegion(f"{shortened(control)} is no control point", field=f"{field}.{key}")
    return _point(control, f"{field}.{key}", scale)


def _point(place: Value, field: str, scale: Point) -> Point:
    across, down = (number_of(place.get(axis), f"{field}.{axis}") for axis in ("x", "y"))
    return across * scale[0], down * scale[1]


def _in_order(vertices: list[_Vertex]) -> list[_Vertex]:
    """The vertices along the path; each follows the one it names, or else the one before it in the list."""
    places = {vertex.name: index for index, vertex in enumerate(vertices) if isinstance(vertex.name, str)}
    following: dict[int, int] = {}
    first = 0
    for index, vertex in enumerate(vertices):
        before = places.get(vertex.previous) if isinstance(vertex.previous, str) else index - 1
        if before is None or before < 0:
            first = index
        elif following.setdefault(before, index) != index:
            raise BadRegion("the path branches; draw each branch alone", field=f"value.vertices[{index}].prevPointId")
    path = [first]
    while len(path) < len(vertices) and path[-1] in following:
        path.append(following[path[-1]])
    if len(set(path)) != len(vertices):
        raise BadRegion("the vertices are not one path; draw each path alone", field="value.vertices")
    return [vertices[index] for index in path]


def _line(start: _Vertex, end: _Vertex) -> list[Point]:
    """Points from `start` on, without `end`."""
    if start.after is None and end.before is None:
        return [start.point]
    corners = np.array(
        [start.point, start.after or _between(start, end), end.before or _between(end, start), end.point]
    )
    bend = np.linalg.norm(corners[:-2] - 2 * corners[1:-1] + corners[2:], axis=1).max()
    steps = min(MOST_STEPS, max(1, math.ceil(math.sqrt(0.75 * bend / ROUNDNESS))))
    along = np.arange(steps)[:, None] / steps
    back = 1 - along
    weights = np.hstack([back**3, 3 * back**2 * along, 3 * back * along**2, along**3])
    return [(float(column), float(row)) for column, row in weights @ corners]


def _between(near: _Vertex, far: _Vertex) -> Point:
    return (
        near.point[0] + EASE * (far.point[0] - near.point[0]),
        near.point[1] + EASE * (far.point[1] - near.point[1]),
    )
