"""Masks → regions: exact outlines along pixel borders, and outlines with few enough points to be edited."""

import dataclasses

from converters.crack_outlines import outlines
from converters.errors import BadRegion
from converters.rasterise import Shape
from converters.regions import Label, Mask, MaskPatch, Polygon, Region
from converters.thinning import thinned

MAX_POINTS = 60
"""Points up to which an outline is comfortably edited in a browser."""


def trace(mask: Mask, label: Label, score: float | None = None) -> tuple[Region, ...]:
    """One polygon per 8-connected component of a `(rows, columns)` bool mask; `draw` gives the mask back exactly.

    Holes stay holes. Where pixels touch by a corner only, the one outline touches itself there, so that what counts
    as one lesion stays one region. Every point is a corner; the topmost region comes first.
    """
    return tuple([Region(label, polygon, score=score) for polygon in outlines(mask)])


def polygons_of(region: Region) -> tuple[Polygon, ...]:
    """The region's polygon, or the exact outlines of the pieces that were painted."""
    if isinstance(region.shape, Polygon):
        return (region.shape,)
    return outlines(region.shape.pixels, region.shape.column, region.shape.row)


def as_polygons(region: Region) -> tuple[Region, ...]:
    """The same region as polygon regions; a painted one becomes one per 8-connected piece."""
    return tuple(dataclasses.replace(region, shape=polygon) for polygon in polygons_of(region))


def simplify(region: Region, shape: Shape, max_points: int = MAX_POINTS) -> Region:
    """The region with at most `max_points` points (a hole counts two more, for the seam that editors need).

    A region that has no more is given back as it is. The Dice floor comes first: an outline too ragged to be kept
    within `max_points` keeps as many points as the floor takes, or all where thinning is no help. Holes stay where
    they are wider than the outline is moved. Painted regions are traced first. `is_editable` tells what came of it.

    Raises:
        BadRegion: a painted region of several pieces, which one outline cannot say; trace it and simplify each.
    """
    pieces = polygons_of(region)
    if len(pieces) != 1:
        raise BadRegion(f"a painted region of {len(pieces)} pieces is not one outline; trace it first")
    whole = dataclasses.replace(region, shape=pieces[0])
    if points_of(whole) <= max_points:
        return whole
    simple = thinned(pieces[0], shape, max_points)
    return whole if simple is None else dataclasses.replace(region, shape=simple)


def is_editable(region: Region, max_points: int = MAX_POINTS) -> bool:
    """Whether an editor can show the region as one plain outline: no hole, at most `max_points` points."""
    return isinstance(region.shape, Polygon) and not region.shape.holes and points_of(region) <= max_points


def points_of(region: Region) -> int:
    """Points an editor shows for the region: every ring's, and two more per hole."""
    if isinstance(region.shape, MaskPatch):
        return 0
    return len(region.shape.exterior) + sum(len(hole) + 2 for hole in region.shape.holes)
