"""Outlines of the shapes that annotation programs offer, and what an outline must be to mean something here."""

import math
from collections.abc import Mapping
from itertools import chain
from typing import cast

import numpy as np

from converters.errors import BadRegion
from converters.limits import FARTHEST, MOST_POINTS
from converters.parts import parts_of
from converters.regions import LABELS, Label, MaskPatch, Point, Polygon, Ring

LONGEST_SHOWN = 60
"""Characters of a bad value that a message shows."""

ROUNDNESS = 1e-3
"""Pixels by which the polygon that stands for an ellipse stays inside it."""

SURE_AREA = 1e-3
"""Square pixels from which the shoelace formula's own rounding is no matter."""

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
    for index, point in enumerate(value):
        if not isinstance(point, list) or len(point) != 2:
            raise BadRegion(f"{shortened(point)} is not a point [column, row]", field=f"{field}[{index}]")
    numbers = list(chain.from_iterable(value))
    if set(map(type, numbers)) <= {float} and all(map(FARTHEST.__gt__, map(abs, numbers))):
        return tuple(map(tuple, value))
    return tuple(
        (number_of(column, f"{field}[{index}]"), number_of(row, f"{field}[{index}]"))
        for index, (column, row) in enumerate(value)
    )


def shortened(value: object) -> str:
    """A value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def label_of(value: object, labels: Mapping[str, Label] | None, field: str) -> Label:
    """What a file's label means; `labels` maps the file's words, else they must be ours.

    Raises:
        BadRegion: an unknown label.
    """
    known: Mapping[str, Label] = labels if labels is not None else {label: label for label in LABELS}
    if not isinstance(value, str) or value not in known:
        raise BadRegion(f"unknown label {value!r}; use one of {', '.join(known)}", field=field)
    return known[value]


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
        BadRegion: fewer than three points, no area, or wholly outside the image.
    """
    rings = (polygon.exterior, *polygon.holes)
    shortest = min(map(len, rings))
    if shortest < 3:
        raise BadRegion(f"an outline needs at least 3 points, this one has {shortest}", field=field)
    if not _surely_has_area(polygon) and not parts_of([np.asarray(ring) for ring in rings]):
        raise BadRegion("the outline encloses no area; redraw it", field=field)
    columns, rows = zip(*polygon.exterior, strict=True)
    _check_inside((min(columns), min(rows)), (max(columns), max(rows)), size, field)
    return polygon


def _surely_has_area(polygon: Polygon) -> bool:
    """Whether the shoelace formula alone shows it: area can cancel only along edges that are walked twice, and then
    some vertex is met twice.
    """
    ring = polygon.exterior
    if polygon.holes or len(set(ring)) < len(ring):
        return False
    doubled = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True))
    return abs(doubled) > 2 * SURE_AREA


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
