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

Edges = NDArray[np.float64]
"""`(n, 2, 2)`: of each edge both ends, column and row."""


def parts_of(rings: list[Vertices]) -> list[shapely.Polygon]:
    """The separate polygons that rings enclose, crossings and overlaps resolved.

    Raises:
        BadRegion: the outline crosses itself more often than any drawing does.
    """
    edges = _edges_that_count(rings)
    check_crossings(edges)
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(shapely.linestrings(edges))]))
    enclosed = faces[_enclosed(edges, shapely.get_coordinates(shapely.point_on_surface(faces)))]
    return [part for part in shapely.get_parts(shapely.union_all(enclosed)) if part.area > NO_AREA]


def encloses_area(rings: list[Vertices]) -> bool:
    """Whether the rings have any part.

    Raises:
        BadRegion: the outline crosses itself more often than any drawing does, and not along borders of pixels.
    """
    if not follow_pixel_borders(rings):
        return bool(parts_of(rings))
    starts, ends = _edges(rings)
    level = starts[:, 1] == ends[:, 1]
    # Level edges that lie on one another twice cancel, and with them what is above and below, if so do their ends.
    _, times = np.unique(np.concatenate([starts[level], ends[level]]), axis=0, return_counts=True)
    return bool((times % 2).any())


def follow_pixel_borders(rings: list[Vertices]) -> bool:
    """Whether all that the rings enclose is whole pixels, as where they were traced from a mask."""
    starts, ends = _edges(rings)
    return bool((starts == np.round(starts)).all() and (starts == ends).any(axis=1).all())


def pixels_of_coreless_parts(rings: list[Vertices], shape: tuple[int, int]) -> list[tuple[int, int]]:
    """`(column, row)` of the one pixel of each part that has area inside the image and covers no centre there."""
    if follow_pixel_borders(rings):
        return []
    rows, columns = shape
    frame = shapely.box(0, 0, columns, rows)
    chosen = []
    for part in parts_of(rings):
        inside = part.intersection(frame)
        if inside.area > NO_AREA and not _covers_a_centre(part, shape):
            point = inside.representative_point()
            chosen.append((min(int(point.x), columns - 1), min(int(point.y), rows - 1)))
    return chosen


def check_crossings(edges: Edges) -> None:
    """Raises: BadRegion: edges cross one another more often than those of any drawing do."""
    segments = shapely.linestrings(edges)
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


def _edges_that_count(rings: list[Vertices]) -> Edges:
    """Edges without length, and pairs of the same edge, enclose nothing by the even-odd rule."""
    edges = np.stack(_edges(rings), axis=1)
    backwards = (edges[:, 0, 0] > edges[:, 1, 0]) | (
        (edges[:, 0, 0] == edges[:, 1, 0]) & (edges[:, 0, 1] > edges[:, 1, 1])
    )
    edges[backwards] = edges[backwards, ::-1]
    edges = edges[(edges[:, 0] != edges[:, 1]).any(axis=1)]
    different, times = np.unique(edges.reshape(-1, 4), axis=0, return_counts=True)
    counting: Edges = different[times % 2 == 1].reshape(-1, 2, 2)
    return counting


def _enclosed(edges: Edges, points: Vertices) -> NDArray[np.bool_]:
    """Which of the points the edges enclose; no point lies on an edge."""
    odd = np.zeros(len(points), bool)
    if not len(points):
        return odd
    (x0, y0), (x1, y1) = edges[:, 0].T, edges[:, 1].T
    slope = (x1 - x0) / np.where(y1 == y0, 1, y1 - y0)
    at_once = max(1, 2**20 // len(x0))
    for first in range(0, len(points), at_once):
        x, y = points[first : first + at_once, :1], points[first : first + at_once, 1:]
        beside = (y0 <= y) != (y1 <= y)
        odd[first : first + at_once] = np.count_nonzero(beside & (x0 + (y - y0) * slope <= x), axis=1) % 2
    return odd


def _edges(rings: list[Vertices]) -> tuple[Vertices, Vertices]:
    """Where each edge starts and ends."""
    return np.concatenate(rings), np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])


def _covers_a_centre(part: shapely.Polygon, shape: tuple[int, int]) -> bool:
    rings = [shapely.get_coordinates(ring)[:-1] for ring in (part.exterior, *part.interiors)]
    return fill(rings, [len(rings)], shape)[0].has_pixels
