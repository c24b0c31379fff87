"""One shape of a Label Studio `result` → the region or mark that it draws.

Coordinates there are percent of the image as it lies in its file: turning the image on the screen changes neither
them nor the size beside them. They come back to pixels rounded to 10⁻⁷, so that the same outline in a Labelme file
gives the same mask. Shapes turn clockwise on the screen.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from converters.bitmask import decode_bitmask
from converters.errors import BadRegion
from converters.flat_polygons import DECIMALS
from converters.limits import MOST_PIXELS
from converters.outlines import check_patch, ellipse, number_of, rectangle, ring_of, shortened
from converters.regions import Figure, Label, Mark, Mask, MaskPatch, Point, Polygon, Region, Ring
from converters.rle import decode_brush
from converters.seams import unpick
from converters.vectors import path_of

Size = tuple[int, int]
"""`(rows, columns)` of the image."""

Value = dict[str, Any]

Drawn = Polygon | MaskPatch | Ring
"""A region's shape, or the points of a mark."""

OURS = (
    *("id", "to_name", "type", "value", "score", "original_width", "original_height", "item_index"),
    *("from_name", "origin", "image_rotation"),
)
"""Keys of an entry that become fields of a region or mark; the last row is kept where it says something."""

USUAL_ORIGINS = ("manual", "prediction", None)


def kind_of(entry_type: object) -> str | None:
    """`polygon` of `polygon` and of `polygonlabels`; None where an entry is no shape."""
    kind = entry_type.removesuffix("labels") if isinstance(entry_type, str) else None
    return kind if kind in SHAPES else None


def kind_by_value(value: Value) -> str | None:
    """The kind of shape whose value this is, for entries that carry the value but do not say."""
    return next((kind for sign, kind in SIGNS.items() if sign in value), None)


def value_of(entry: Value) -> Value:
    """Raises: BadRegion: the entry has none."""
    value = entry.get("value")
    if not isinstance(value, dict):
        raise BadRegion(f"{shortened(value)} is no value of a region", field="value")
    return value


def size_of(entry: Value) -> Size:
    """`(rows, columns)` of the image that an entry was drawn on.

    Raises:
        BadRegion: it does not say, or is larger than any scan.
    """
    sides = []
    for key in ("original_height", "original_width"):
        side = entry.get(key)
        if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= MOST_PIXELS:
            raise BadRegion(f"{shortened(side)} is not a size in pixels; export the task again", field=key)
        sides.append(side)
    rows, columns = sides
    if rows * columns > MOST_PIXELS:
        message = f"an image of {rows} rows × {columns} columns is no scan; export the task again"
        raise BadRegion(message, field="original_height")
    return rows, columns


def read_shape(kind: str, value: Value, size: Size) -> Drawn:
    """What a value draws on an image of this size; whether an outline encloses anything is still to be checked.

    Raises:
        BadRegion: nothing; the error's field is relative to the entry.
    """
    drawn = SHAPES[kind](value, size)
    return check_patch(drawn, size, FIELDS[kind]) if isinstance(drawn, MaskPatch) else drawn


def region_of(entry: Value, kind: str, label: Label, shape: Polygon | MaskPatch) -> Region:
    """The region with all that its entry says of it besides."""
    return Region(
        label,
        shape,
        score=_score(entry.get("score")),
        suggested=entry.get("origin") == "prediction",
        identifier=entry["id"] if isinstance(entry.get("id"), str) else None,
        kept=_kept(entry, kind),
    )


def mark_of(entry: Value, kind: str, label: str, points: Ring) -> Mark:
    """The mark with all that its entry says of it besides."""
    return Mark(
        "point" if len(points) == 1 else "line",
        label,
        points,
        identifier=entry["id"] if isinstance(entry.get("id"), str) else None,
        kept=_kept(entry, kind),
    )


def _kept(entry: Value, kind: str) -> Value:
    kept = {key: said for key, said in entry.items() if key not in OURS}
    if entry.get("from_name") is not None:
        kept["from_name"] = entry["from_name"]
    if entry.get("image_rotation"):
        kept["image_rotation"] = entry["image_rotation"]
    if entry.get("origin") not in USUAL_ORIGINS:
        kept["origin"] = entry["origin"]
    if entry.get("score") is not None and _score(entry["score"]) is None:
        kept["score"] = entry["score"]
    spoken_for = (*GEOMETRY[kind], f"{kind}labels", "labels")
    further = {key: said for key, said in entry["value"].items() if key not in spoken_for}
    return kept | ({"value": further} if further else {})


def _score(said: object) -> float | None:
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    return float(said) if 0 <= said <= 1 else None


def _number(value: Value, key: str) -> float:
    return number_of(value.get(key), f"value.{key}")


def _turn(value: Value) -> float:
    return _number(value, "rotation") if value.get("rotation") is not None else 0.0


def _pair(value: Value, size: Size, keys: tuple[str, str]) -> Point:
    across, down = (_number(value, key) for key in keys)
    return across * size[1] / 100, down * size[0] / 100


def _rounded(ring: Ring) -> Ring:
    return tuple([(round(column, DECIMALS), round(row, DECIMALS)) for column, row in ring])


def _polygon(value: Value, size: Size) -> Polygon:
    if value.get("closed", True) is False:
        raise BadRegion("the outline is not closed; finish it", field="value.closed")
    percent = np.array(ring_of(value.get("points"), "value.points"), np.float64).reshape(-1, 2)
    points = np.round(percent * (size[1] / 100, size[0] / 100), DECIMALS)
    return unpick(tuple(map(tuple, points.tolist())))


def _rectangle(value: Value, size: Size) -> Polygon:
    corner, sides = _pair(value, size, ("x", "y")), _pair(value, size, ("width", "height"))
    degrees = _turn(value)
    opposite = (corner[0] + sides[0], corner[1] + sides[1])
    figure = Figure("rectangle", _rounded((corner, opposite)), degrees)
    return Polygon(_rounded(rectangle(corner, sides, degrees)), figure=figure)


def _ellipse(value: Value, size: Size) -> Polygon:
    centre, radii = _pair(value, size, ("x", "y")), _pair(value, size, ("radiusX", "radiusY"))
    degrees = _turn(value)
    rim = (centre[0] + radii[0], centre[1] + radii[1])
    figure = Figure("ellipse", _rounded((centre, rim)), degrees)
    return Polygon(_rounded(ellipse(centre, radii, degrees)), figure=figure)


def _brush(value: Value, size: Size) -> MaskPatch:
    if value.get("format") != "rle" or not isinstance(value.get("rle"), list):
        message = f"brush format {shortened(value.get('format'))} is not read; export as JSON"
        raise BadRegion(message, field="value.format")
    return _patch(decode_brush(value["rle"], *size), "value.rle")


def _bitmask(value: Value, size: Size) -> MaskPatch:
    field = "value.imageDataURL"
    return _patch(decode_bitmask(value.get("imageDataURL"), *size, field), field)


def _patch(mask: Mask, field: str) -> MaskPatch:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise BadRegion("no pixel is painted", field=field)
    painted = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return MaskPatch(int(columns[0]), int(rows[0]), painted.copy())


def _vector(value: Value, size: Size) -> Polygon | Ring:
    points, closed = path_of(value, *size)
    return Polygon(_rounded(points)) if closed else _rounded(points)


def _keypoint(value: Value, size: Size) -> Ring:
    return _rounded((_pair(value, size, ("x", "y")),))


SHAPES: dict[str, Callable[[Value, Size], Drawn]] = {
    "polygon": _polygon,
    "rectangle": _rectangle,
    "ellipse": _ellipse,
    "brush": _brush,
    "bitmask": _bitmask,
    "vector": _vector,
    "keypoint": _keypoint,
}

FIELDS = {
    **dict.fromkeys(("polygon", "rectangle", "ellipse"), "value.points"),
    **{"brush": "value.rle", "bitmask": "value.imageDataURL", "vector": "value.vertices", "keypoint": "value.x"},
}
"""By kind, what a message about the shape as a whole points to."""

GEOMETRY = {
    "polygon": ("points", "closed"),
    "rectangle": ("x", "y", "width", "height", "rotation"),
    "ellipse": ("x", "y", "radiusX", "radiusY", "rotation"),
    "brush": ("format", "rle"),
    "bitmask": ("imageDataURL",),
    "vector": ("vertices", "closed"),
    "keypoint": ("x", "y"),
}
"""By kind, the keys of a value that say where the shape is."""

SIGNS = {
    "vertices": "vector",
    "points": "polygon",
    "rle": "brush",
    "imageDataURL": "bitmask",
    "radiusX": "ellipse",
    "height": "rectangle",
    "x": "keypoint",
}
"""Keys that only one kind has, the first that is found counts."""
