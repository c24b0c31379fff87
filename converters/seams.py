"""Polygons with holes as the single ring that Labelme and Label Studio can draw, and back.

A seam runs from the outline to the hole and the same way back. By the even-odd rule the two passes cancel, so the
ring covers exactly what the polygon covers.
"""

from itertools import pairwise

import numpy as np

from converters.regions import Point, Polygon, Ring


def sew(polygon: Polygon) -> Ring:
    """One ring for outline and holes; each hole is entered at its first point, from the outline's nearest vertex."""
    exterior = np.asarray(polygon.exterior)
    detours: dict[int, list[Point]] = {}
    for hole in polygon.holes:
        nearest = int(np.argmin(np.square(exterior - hole[0]).sum(axis=1)))
        detours.setdefault(nearest, []).extend([*hole, hole[0], polygon.exterior[nearest]])
    return tuple(step for index, point in enumerate(polygon.exterior) for step in (point, *detours.get(index, ())))


def unpick(ring: Ring) -> Polygon:
    """The polygon that `sew` made the ring of; a ring without seams is its own outline."""
    if len(set(ring)) == len(ring):
        return Polygon(ring)
    path: list[Point] = []
    walked: dict[tuple[Point, Point], int] = {}
    holes: list[Ring] = []
    for point in ring:
        start = walked.get((point, path[-1])) if path else None
        hole = () if start is None else tuple(path[start + 1 : -1])
        if start is not None and len(hole) >= 3:
            holes.append(hole)
            for edge in pairwise(path[start:]):
                walked.pop(edge, None)
            del path[start + 1 :]
            continue
        if path:
            walked.setdefault((path[-1], point), len(path) - 1)
        path.append(point)
    rings = [tuple(path), *holes]
    if len(path) < 3:
        return Polygon(ring)
    exterior = max(rings, key=_area)
    rings.remove(exterior)
    return Polygon(exterior, tuple(rings))


def _area(ring: Ring) -> float:
    columns, rows = np.asarray(ring).T
    return abs(float(columns @ np.roll(rows, -1) - rows @ np.roll(columns, -1))) / 2
