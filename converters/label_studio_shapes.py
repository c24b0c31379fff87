"""Regions and marks → the shapes of Label Studio's entries.

A figure is written as the figure it was drawn as, where that gives the same outline; else an outline with few enough
points to be edited; else, where there are holes or too few points would change it, a brush stroke.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from converters.rasterise import draw
from converters.regions import Figure, Mark, Point, Polygon, Region, Ring
from converters.results import Size, read_shape
from converters.rle import encode_brush
from converters.seams import sew
from converters.trace import as_polygons, is_editable, points_of, polygons_of, simplify

CONTROLS = {
    "polygon": "label",
    "brush": "brush",
    "rectangle": "rectangle",
    "ellipse": "ellipse",
    "keypoint": "point",
    "vector": "vector",
}
"""By kind of shape, the control that draws it."""

POINT_WIDTH = 0.5
"""Percent of the image's width at which a point is shown."""

CORNERS = 4

SAME = 1e-6
"""Pixels by which a figure's outline may differ from the one that was drawn."""

Value = dict[str, Any]


class Written(NamedTuple):
    """Attributes:
    kind: as in CONTROLS.
    value: without the label.
    """

    kind: str
    value: Value


def shapes_of(region: Region, size: Size, max_points: int | None) -> list[Written]:
    """What draws the region on an image of this size; several shapes are its pieces.

    Args:
        region: in pixels of the image.
        size: `(rows, columns)`.
        max_points: of an outline; None keeps all, holes sewn to their outline.
    """
    figure = _figure(region.shape, size) if isinstance(region.shape, Polygon) else None
    if figure is not None:
        return [figure]
    if max_points is None:
        return [Written("polygon", outline(sew(polygon), size)) for polygon in polygons_of(region)]
    simple = _editable(region, size, max_points)
    if simple is None:
        return [Written("brush", {"format": "rle", "rle": encode_brush(draw([region], size).masks[region.label])})]
    return [Written("polygon", outline(polygon.exterior, size)) for polygon in simple]


def shapes_of_mark(mark: Mark, size: Size) -> list[Written]:
    """What shows the mark: a path for a line, a point for each of its points otherwise."""
    points = _percent(mark.points, size)
    if mark.kind != "line":
        return [Written("keypoint", {"x": x, "y": y, "width": POINT_WIDTH}) for x, y in points]
    vertices: list[Value] = []
    for number, (x, y) in enumerate(points):
        before = vertices[-1]["id"] if vertices else None
        vertices.append({"id": f"v{number}", "prevPointId": before, "x": x, "y": y, "isBezier": False})
    return [Written("vector", {"vertices": vertices, "closed": False})]


def outline(ring: Ring, size: Size) -> Value:
    """A closed outline as a polygon's value."""
    return {"points": _percent(ring, size), "closed": True}


def _percent(ring: Ring, size: Size) -> list[list[float]]:
    rows, columns = size
    return [[100 * column / columns, 100 * row / rows] for column, row in ring]


def _editable(region: Region, size: Size, max_points: int) -> list[Polygon] | None:
    """The region's pieces as plain outlines of few points, None where that would change it too much."""
    outlines: list[Polygon] = []
    for piece in as_polygons(region):
        simple = simplify(piece, size, max_points) if points_of(piece) > max_points else piece
        if not is_editable(simple, max_points) or not isinstance(simple.shape, Polygon):
            return None
        outlines.append(simple.shape)
    return outlines


def _figure(polygon: Polygon, size: Size) -> Written | None:
    """The figure that the polygon stands for, None where it would not give the same outline again."""
    figure = polygon.figure
    if figure is None or polygon.holes:
        return None
    is_round = figure.kind in ("circle", "ellipse")
    written = _ellipse(figure, size) if is_round else _rectangle(figure, polygon.exterior, size)
    again = None if written is None else read_shape(written.kind, written.value, size)
    same = isinstance(again, Polygon) and _is_same(again.exterior, polygon.exterior)
    return written if same else None


def _is_same(ring: Ring, other: Ring) -> bool:
    """Whether the points are the same; a rectangle's may begin at any corner."""
    if len(ring) != len(other):
        return False
    first, second = np.array(ring), np.array(other)
    if len(ring) > CORNERS:
        return bool(np.abs(first - second).max() < SAME)
    apart = np.abs(first[:, None] - second[None]).max(axis=2)
    return bool((apart.min(axis=0) < SAME).all() and (apart.min(axis=1) < SAME).all())


def _ellipse(figure: Figure, size: Size) -> Written | None:
    if len(figure.points) != 2:
        return None
    (column, row), (right, bottom) = figure.points
    radii = abs(right - column), abs(bottom - row)
    if figure.kind == "circle":
        radii = (math.hypot(*radii),) * 2
    ((x, y), (across, down)) = _percent((figure.points[0], radii), size)
    return Written("ellipse", {"x": x, "y": y, "radiusX": across, "radiusY": down, "rotation": figure.degrees})


def _rectangle(figure: Figure, corners: Ring, size: Size) -> Written | None:
    if len(corners) != CORNERS:
        return None
    if figure.kind == "rectangle" and not figure.degrees:
        columns, rows = zip(*corners, strict=True)
        corner = min(columns), min(rows)
        return _box(corner, (max(columns) - corner[0], max(rows) - corner[1]), 0.0, size)
    if figure.kind == "rectangle" and len(figure.points) == 2:
        (column, row), (right, bottom) = figure.points
        return _box((column, row), (right - column, bottom - row), figure.degrees, size)
    first, second, _, last = corners
    across, down = _step(first, second), _step(first, last)
    if across[0] * down[1] < across[1] * down[0]:
        across, down = down, across
    degrees = math.degrees(math.atan2(across[1], across[0])) % 360
    return _box(first, (math.hypot(*across), math.hypot(*down)), degrees, size)


def _step(start: Point, end: Point) -> Point:
    return end[0] - start[0], end[1] - start[1]


def _box(corner: Point, sides: Point, degrees: float, size: Size) -> Written:
    ((x, y), (width, height)) = _percent((corner, sides), size)
    return Written("rectangle", {"x": x, "y": y, "width": width, "height": height, "rotation": degrees})
