"""Outlines of the shapes that annotation programs offer, and what an outline must be to mean something here."""

import math
from collections.abc import Sequence
from operator import countOf
from typing import Any, cast

import numpy as np
import shapely

from converters.errors import BadRegion, LeftOut
from converters.flat_polygons import DECIMALS, flattened
from converters.limits import FARTHEST, MOST_POINTS
from converters.parts import encloses_area
from converters.regions import LABELS, Label, Labels, MaskPatch, Point, Polygon, Ring, Vertices

LONGEST_SHOWN = 60
"""Characters of a bad value that a message shows."""

ROUNDNESS = 1e-3
"""Pixels by which the polygon that stands for an ellipse stays inside it."""

SURE_AREA = 1e-3
"""Square pixels that no rounding makes of nothing."""

OUR_LABELS: Labels = {label: label for label in LABELS}

Size = tuple[int | None, int | None]
"""`(rows, columns)` of the image, None where the file does not say."""


def number_of(value: object, field: str) -> float:
    """A finite coordinate from JSON.

    Raises:
        BadRegion: not a number, infinite, or absurdly far.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRegion(f"{value!r} is not a number", field=field)
    if not abs(value) < FARTHEST:
        raise BadRegion(f"{value} is not a coordinate; redraw the outline", field=field)
    return float(value)


def ring_of(value: object, field: str = "points") -> Ring:
    """Points `[[column, row], …]` from JSON.

    Raises:
        BadRegion: not a list of pairs of finite numbers, or too many of them.
    """
    if not isinstance(value, list):
        raise BadRegion(f"expected a list of points, found {shortened(value)}", field=field)
    if len(value) > MOST_POINTS:
        raise BadRegion(f"{len(value):,} points are more than {MOST_POINTS:,}; redraw the outline", field=field)
    ring = _plain_ring(value)
    if ring is not None:
        return ring
    return tuple(_point(point, f"{field}[{index}]") for index, point in enumerate(value))


def _plain_ring(value: list[Any]) -> Ring | None:
    """The ring, if all points are pairs of floats within bounds, as they nearly always are; found out quickly."""
    try:
        columns, rows = zip(*value, strict=True)
    except (TypeError, ValueError):
        return None
    numbers = columns + rows
    # As one vector they are longer than each of them; what is not a number or infinite makes it so.
    plain = countOf(map(type, numbers), float) == len(numbers) and math.hypot(*numbers) < FARTHEST
    return tuple(zip(columns, rows, strict=True)) if plain else None


def _point(value: object, field: str) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise BadRegion(f"{shortened(value)} is not a point [column, row]", field=field)
    return number_of(value[0], field), number_of(value[1], field)


def shortened(value: object) -> str:
    """A value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def label_of(value: object, labels: Labels | None, field: str) -> Label:
    """What a file's label means; `labels` maps the file's words, else they must be ours.

    Raises:
        LeftOut: its shapes are to be left out.
        BadRegion: an unknown label.
    """
    known = OUR_LABELS if labels is None else labels
    if not isinstance(value, str) or value not in known:
        message = f"unknown label {shortened(value)}; use one of {', '.join(known)}, or say what it means with --labels"
        raise BadRegion(message, field=field)
    meant = known[value]
    if meant is None:
        raise LeftOut(f"{shortened(value)} was asked to be left out", field=field)
    return meant


def rectangle(corner: Point, size: Point, degrees: float = 0.0) -> Ring:
    """Corners of a `size` `(width, height)` rectangle, turned clockwise on the screen about its first `corner`."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across, down = (size[0] * cosine, size[0] * sine), (-size[1] * sine, size[1] * cosine)
    column, row = corner
    return (
        corner,
        (column + across[0], row + across[1]),
        (column + across[0] + down[0], row + across[1] + down[1]),
        (column + down[0], row + down[1]),
    )


def ellipse(centre: Point, radii: Point, degrees: float = 0.0) -> Ring:
    """A polygon inside the ellipse, nowhere farther than `ROUNDNESS` from it, turned clockwise about its centre."""
    largest = max(abs(radii[0]), abs(radii[1]), ROUNDNESS)
    corners = max(16, math.ceil(math.pi / math.acos(max(0.0, 1 - ROUNDNESS / largest))))
    angles = 2 * math.pi * np.arange(corners) / corners
    columns, rows = radii[0] * np.cos(angles), radii[1] * np.sin(angles)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = zip(columns * cosine - rows * sine, columns * sine + rows * cosine, strict=True)
    return tuple((float(centre[0] + column), float(centre[1] + row)) for column, row in turned)


def check_polygon(polygon: Polygon, size: Size, field: str = "points") -> Polygon:
    """The polygon, if it can mean something on an image of this size.

    Raises:
        BadRegion: fewer than three points, no area, wholly outside the image, or crossing itself without end.
    """
    rings: list[Vertices] = [
        np.asarray(ring, np.float64).round(DECIMALS) for ring in (polygon.exterior, *polygon.holes)
    ]
    shortest = min(map(len, rings))
    if shortest < 3:
        raise BadRegion(f"an outline needs at least 3 points, this one has {shortest}", field=field)
    if not encloses_area(rings):
        raise BadRegion("the outline encloses no area; redraw it", field=field)
    low, high = rings[0].min(axis=0).tolist(), rings[0].max(axis=0).tolist()
    _check_inside((low[0], low[1]), (high[0], high[1]), size, field)
    return polygon


def surely_mean_something(polygons: Sequence[Polygon], size: Size) -> list[bool]:
    """For each polygon, whether `check_polygon` would surely find nothing, by one look at all of them together.

    Sure is what GEOS finds simple and of some area. The rest is to be checked by itself.
    """
    lengths = [len(ring) for polygon in polygons for ring in (polygon.exterior, *polygon.holes)]
    if min(lengths, default=0) < 3:
        return [False] * len(polygons)
    flat = flattened(polygons, keep=True)
    frame = np.array([np.inf, np.inf] if None in size else size[::-1], np.float64)
    meets = ((flat.high > 0) & (flat.low < frame)).all(axis=1)
    sure: list[bool] = (flat.simple & meets & (shapely.area(flat.areas) > SURE_AREA)).tolist()
    return sure


def check_patch(patch: MaskPatch, size: Size, field: str) -> MaskPatch:
    """The painted shape, if it can mean something on an image of this size.

    Raises:
        BadRegion: no pixel painted, or wholly outside the image.
    """
    if not patch.pixels.any():
        raise BadRegion("no pixel is painted", field=field)
    rows, columns = patch.pixels.shape
    _check_inside((patch.column, patch.row), (patch.column + columns, patch.row + rows), size, field)
    return patch


def _check_inside(low: Point, high: Point, size: Size, field: str) -> None:
    if None in size:
        return
    rows, columns = cast(tuple[int, int], size)
    if high[0] <= 0 or high[1] <= 0 or low[0] >= columns or low[1] >= rows:
        raise BadRegion(
            f"columns {low[0]:g} to {high[0]:g}, rows {low[1]:g} to {high[1]:g} lie outside the image of"
            f" {columns} columns × {rows} rows; was it drawn on another image?",
            field=field,
        )
