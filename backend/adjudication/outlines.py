"""Outlines between a physician's canvas and the pixels: what comes in is checked, what goes out is exact."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

from backend.adjudication.consensus import Place
from backend.errors import InputError
from backend.sentences import say
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE
from converters.rasterise import draw
from converters.regions import LABELS, Label, Mask, MaskPatch, Polygon, Region
from converters.trace import polygons_of

MOST_POINTS = 2000
"""Of one ring."""
MOST_RINGS = 200
"""Of one step."""
KEYS = {"label", "rings"}

Rings = list[list[list[float]]]
"""`[[[column, row], …], …]`: rings of one region, filled together by the even-odd rule."""


def rings_of(label: Label, mask: Mask, at: Place = (0, 0)) -> Rings:
    """The exact outlines of a mask along pixel borders; `at` is where its top-left pixel lies on the grid."""
    patch = Region(label, MaskPatch(at[1], at[0], mask))
    return [
        [[column, row] for column, row in ring]
        for polygon in polygons_of(patch)
        for ring in (polygon.exterior, *polygon.holes)
    ]


def region_of(document: dict[str, Any]) -> Region:
    """A region that was checked before, as the converters know it."""
    rings = [tuple((float(column), float(row)) for column, row in ring) for ring in document["rings"]]
    return Region(document["label"], Polygon(rings[0], tuple(rings[1:])))


def check_regions(value: object) -> list[dict[str, Any]]:
    """What a physician drew, as it came, if it can be drawn exactly.

    Raises:
        InputError: no regions, an unknown key or label, points that are no numbers, outside the image or too many, an
            outline that crosses itself or covers no pixel; the field says which.
    """
    if not isinstance(value, list) or not value:
        raise InputError(say("draw at least one outline, or choose that nothing is there"), field="regions")
    rings = 0
    for number, region in enumerate(value):
        field = f"regions[{number}]"
        _check_region(region, field)
        rings += len(region["rings"])
        if rings > MOST_RINGS:
            raise InputError(say("more than {most} outlines at once; draw fewer", most=MOST_RINGS), field=field)
        _check_drawing(region, field)
    return value


def _check_region(region: object, field: str) -> None:
    if not isinstance(region, dict) or set(region) != KEYS:
        raise InputError(say("an outline has a label and rings, and nothing else"), field=field)
    if region["label"] not in LABELS:
        raise InputError(say("an outline is of a metastasis or of the bladder"), field=f"{field}.label")
    if not isinstance(region["rings"], list) or not region["rings"]:
        raise InputError(say("an outline needs a ring of points"), field=f"{field}.rings")
    for number, ring in enumerate(region["rings"]):
        _check_ring(ring, f"{field}.rings[{number}]")


def _check_ring(ring: object, field: str) -> None:
    if not isinstance(ring, list) or not 3 <= len(ring) <= MOST_POINTS:
        raise InputError(say("an outline has between 3 and {most} points", most=MOST_POINTS), field=field)
    if not all(_is_point(point) for point in ring):
        raise InputError(say("every point of an outline is two numbers, column and row"), field=field)
    if not all(0 <= column <= GRID_COLUMNS and 0 <= row <= GRID_ROWS for column, row in ring):
        raise InputError(say("the outline reaches beyond the image; keep it inside"), field=field)


def _is_point(point: object) -> bool:
    return isinstance(point, list) and len(point) == 2 and all(_is_number(one) for one in point)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_drawing(region: dict[str, Any], field: str) -> None:
    if _crosses(region["rings"]):
        raise InputError(say("the outline crosses itself; redraw it"), field=field)
    if not draw([region_of(region)], GRID_SHAPE).masks[region["label"]].any():
        raise InputError(say("the outline covers no pixel; draw it larger"), field=field)


def _crosses(rings: Rings) -> bool:
    """Whether two edges cross each other in the midst of both; touching is allowed, as exact outlines do it."""
    closed = [np.asarray([*ring, ring[0]], dtype=np.float64) for ring in rings]
    if shapely.is_simple(shapely.multilinestrings([shapely.linestrings(ring) for ring in closed])):
        return False
    edges = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in closed])
    lines = shapely.linestrings(edges)
    return bool(shapely.STRtree(lines).query(lines, predicate="crosses").size)


def bounds(masks: Iterable[Mask], at: Place) -> tuple[int, int, int, int]:
    """`(column, row, column, row)` of the smallest box around masks of one frame; empty masks give an empty box."""
    union = np.logical_or.reduce(list(masks))
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    if not len(rows):
        return at[1], at[0], at[1], at[0]
    return at[1] + int(columns[0]), at[0] + int(rows[0]), at[1] + int(columns[-1]) + 1, at[0] + int(rows[-1]) + 1
