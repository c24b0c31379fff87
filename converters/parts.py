"""The parts that outlines enclose by the even-odd rule, and those of them too small to cover a pixel centre."""

import numpy as np
import shapely
from numpy.typing import NDArray

from converters.errors import BadRegion
from converters.limits import MOST_CROSSINGS
from converters.regions import Vertices
from converters.scanline import fill

NO_AREA = 1e-9
"""Square pixels below which a part is rounding, not a drawing."""

SEGMENTS_AT_ONCE = 256


def parts_of(rings: list[Vertices]) -> list[shapely.Polygon]:
    """The separate polygons that rings enclose, crossings and overlaps resolved.

    Raises:
        BadRegion: the outline crosses itself more often than any drawing does.
    """
    check_crossings(rings)
    borders = shapely.union_all([shapely.linestrings(np.vstack([ring, ring[:1]])) for ring in rings])
    faces = shapely.get_parts(shapely.polygonize([borders]))
    enclosed = faces[_enclosed(rings, shapely.get_coordinates(shapely.point_on_surface(faces)))]
    return [part for part in shapely.get_parts(shapely.union_all(enclosed)) if part.area > NO_AREA]


def pixels_of_coreless_parts(rings: list[Vertices], shape: tuple[int, int]) -> list[tuple[int, int]]:
    """`(column, row)` of the one pixel of each part that has area inside the image and covers no centre there."""
    rows, columns = shape
    frame = shapely.box(0, 0, columns, rows)
    chosen = []
    for part in parts_of(rings):
        inside = part.intersection(frame)
        if inside.area > NO_AREA and not _covers_a_centre(part, shape):
            point = inside.representative_point()
            chosen.append((min(int(point.x), columns - 1), min(int(point.y), rows - 1)))
    return chosen


def check_crossings(rings: list[Vertices]) -> None:
    """Raises: BadRegion: the outline crosses itself more often than any drawing does."""
    closed = [np.vstack([ring, ring[:1]]) for ring in rings]
    segments = shapely.linestrings(np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in closed]))
    tree = shapely.STRtree(segments)
    crossings = first = 0
    at_once = 1
    while first < len(segments):
        crossings += tree.query(segments[first : first + at_once], predicate="crosses").shape[1]
        if crossings > 2 * MOST_CROSSINGS:
            raise BadRegion(f"the outline crosses itself more than {MOST_CROSSINGS:,} times; redraw it", field="points")
        first += at_once
        # Scribbles are found out by their first segments, before pairs of all of them fill the memory.
        at_once = min(2 * at_once, SEGMENTS_AT_ONCE)


def _enclosed(rings: list[Vertices], points: Vertices) -> NDArray[np.bool_]:
    """Which of the points the rings enclose; no point lies on a ring."""
    x0, y0 = np.concatenate(rings).T
    x1, y1 = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]).T
    slope = (x1 - x0) / np.where(y1 == y0, 1, y1 - y0)
    odd = np.zeros(len(points), bool)
    at_once = max(1, 2**20 // len(x0))
    for first in range(0, len(points), at_once):
        x, y = points[first : first + at_once, :1], points[first : first + at_once, 1:]
        beside = (y0 <= y) != (y1 <= y)
        odd[first : first + at_once] = np.count_nonzero(beside & (x0 + (y - y0) * slope <= x), axis=1) % 2
    return odd


def _covers_a_centre(part: shapely.Polygon, shape: tuple[int, int]) -> bool:
    rings = [shapely.get_coordinates(ring)[:-1] for ring in (part.exterior, *part.interiors)]
    return fill(rings, [len(rings)], shape)[0].has_pixels
