"""Masks → regions: exact outlines along pixel borders, and outlines with few enough points to be edited."""

import dataclasses

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes

from converters.errors import BadRegion
from converters.rasterise import Shape, draw
from converters.regions import Label, Mask, MaskPatch, Polygon, Region, Ring

SMALL_PIXELS = 50
DICE_FLOOR = 0.95
DICE_FLOOR_SMALL = 0.90
"""A simplified outline keeps at least this Dice with the original; the lower floor is for fewer than SMALL_PIXELS."""

TOLERANCES = (0.0, *(0.25 * 2 ** (step / 4) for step in range(24)))
"""Pixels by which a simplified outline may leave the original, tried in this order."""


def trace(mask: Mask, label: Label, score: float | None = None) -> tuple[Region, ...]:
    """One polygon per 8-connected component of a `(rows, columns)` bool mask; `draw` gives the mask back exactly.

    Holes stay holes. Where pixels touch by a corner only, the one outline touches itself there, so that what counts
    as one lesion stays one region.
    """
    return tuple(Region(label, polygon, score=score) for polygon in _traced(mask))


def polygons_of(region: Region) -> tuple[Polygon, ...]:
    """The region's polygon, or the exact outlines of the pieces that were painted."""
    if isinstance(region.shape, Polygon):
        return (region.shape,)
    patch = region.shape
    return tuple(_moved(polygon, patch.column, patch.row) for polygon in _traced(patch.pixels))


def as_polygons(region: Region) -> tuple[Region, ...]:
    """The same region as polygon regions; a painted one becomes one per 8-connected piece."""
    return tuple(dataclasses.replace(region, shape=polygon) for polygon in polygons_of(region))


def simplify(region: Region, shape: Shape, max_points: int = 60) -> Region:
    """The region with at most `max_points` points (a hole counts two more, for the seam that editors need).

    The Dice floor comes first: an outline too ragged to be kept within `max_points` keeps as many points as the floor
    takes. Painted regions are traced first.

    Raises:
        BadRegion: a painted region of several pieces, which one outline cannot say; trace it and simplify each.
    """
    pieces = polygons_of(region)
    if len(pieces) != 1:
        raise BadRegion(f"a painted region of {len(pieces)} pieces is not one outline; trace it first")
    original = draw([region], shape).masks[region.label]
    floor = DICE_FLOOR if np.count_nonzero(original) >= SMALL_PIXELS else DICE_FLOOR_SMALL
    best = dataclasses.replace(region, shape=pieces[0])
    for tolerance in TOLERANCES:
        candidate = dataclasses.replace(region, shape=_simplified(pieces[0], tolerance))
        if _dice(draw([candidate], shape).masks[region.label], original) < floor:
            continue
        best = min(best, candidate, key=points_of)
        if points_of(best) <= max_points:
            break
    return best


def points_of(region: Region) -> int:
    """Points an editor shows for the region: every ring's, and two more per hole."""
    if isinstance(region.shape, MaskPatch):
        return 0
    return len(region.shape.exterior) + sum(len(hole) + 2 for hole in region.shape.holes)


def _traced(mask: Mask) -> tuple[Polygon, ...]:
    if not mask.any():
        return ()
    outlines = shapes(mask.astype(np.uint8), mask=mask, connectivity=8)
    return tuple(_polygon(outline["coordinates"]) for outline, _ in outlines)


def _simplified(polygon: Polygon, tolerance: float) -> Polygon:
    holes = (_thinned(hole, tolerance) for hole in polygon.holes)
    return Polygon(_thinned(polygon.exterior, tolerance), tuple(hole for hole in holes if len(hole) >= 3))


def _thinned(ring: Ring, tolerance: float) -> Ring:
    """Douglas and Peucker's thinning of both halves of a ring, cut at its first point and the farthest from it."""
    points = np.asarray(ring)
    far = int(np.argmax(np.square(points - points[0]).sum(axis=1)))
    halves: list[NDArray[np.float64]] = [points[: far + 1], np.vstack([points[far:], points[:1]])]
    kept = [
        shapely.get_coordinates(shapely.LineString(half).simplify(tolerance, preserve_topology=False))
        for half in halves
    ]
    return _ring(np.vstack([kept[0][:-1], kept[1][:-1]]))


def _polygon(coordinates: list[list[tuple[float, float]]]) -> Polygon:
    exterior, *holes = (_ring(np.asarray(ring[:-1])) for ring in coordinates)
    return Polygon(exterior, tuple(holes))


def _ring(points: NDArray[np.float64]) -> Ring:
    return tuple((float(column), float(row)) for column, row in points)


def _moved(polygon: Polygon, columns: float, rows: float) -> Polygon:
    def move(ring: Ring) -> Ring:
        return tuple((column + columns, row + rows) for column, row in ring)

    return Polygon(move(polygon.exterior), tuple(map(move, polygon.holes)))


def _dice(a: Mask, b: Mask) -> float:
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / total if total else 1.0
