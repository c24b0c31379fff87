"""One entry of a Label Studio `result` ↔ one region.

Coordinates there are percent of the image; they come back to pixels rounded to 10⁻⁷, so that the same outline in a
Labelme file gives the same mask. Turning is clockwise on the screen.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from converters.errors import BadRegion
from converters.outlines import check_patch, check_polygon, ellipse, label_of, number_of, rectangle, ring_of
from converters.rasterise import DECIMALS
from converters.regions import Label, MaskPatch, Polygon, Region, Ring
from converters.rle import decode_brush
from converters.seams import sew, unpick
from converters.trace import polygons_of

Size = tuple[int, int]
"""`(rows, columns)` of the image."""

Value = dict[str, Any]


def to_results(
    regions: Iterable[Region], *, from_name: str, to_name: str, rows: int, columns: int
) -> list[dict[str, object]]:
    """Regions as Label Studio polygons for the control `from_name` on the image tag `to_name`.

    Holes are sewn to the outline, painted regions become their exact outlines. The identifiers depend on nothing but
    the regions (a region keeps its own); `score` and `origin` are carried.
    """
    results: list[dict[str, object]] = []
    taken: set[str] = set()
    pieces = [(region, polygon) for region in regions for polygon in polygons_of(region)]
    for region, polygon in pieces:
        points = [[100 * column / columns, 100 * row / rows] for column, row in sew(polygon)]
        identifier = region.identifier or _digest(to_name, region.label, points)
        while identifier in taken:
            identifier = _digest(to_name, identifier, points)
        taken.add(identifier)
        result: dict[str, object] = {
            "id": identifier,
            "from_name": from_name,
            "to_name": to_name,
            "type": "polygonlabels",
            "origin": "prediction" if region.suggested else "manual",
            "original_width": columns,
            "original_height": rows,
            "image_rotation": 0,
            "value": {"points": points, "closed": True, "polygonlabels": [region.label]},
        }
        results.append(result if region.score is None else result | {"score": region.score})
    return results


def read_region(result: Value, labels: Mapping[str, Label] | None = None) -> Region:
    """The region that a polygon, rectangle, ellipse or brush entry draws.

    Raises:
        BadRegion: it has no meaning here; the error's field is relative to the entry.
    """
    kind = result.get("type")
    outline = OUTLINES.get(str(kind))
    if outline is None and kind != "brushlabels":
        raise BadRegion(f"{kind!r} has no area that is read here; draw a polygon", field="type")
    value = result.get("value")
    if not isinstance(value, dict):
        raise BadRegion(f"{value!r} is no value of a region", field="value")
    label = _label(value.get(str(kind)), labels, f"value.{kind}")
    size = size_of(result)
    if result.get("image_rotation"):
        raise BadRegion(f"the image was turned by {result['image_rotation']}; turn it back", field="image_rotation")
    drawn = _brush(value, size) if outline is None else check_polygon(outline(value, size), size, "value.points")
    score = result.get("score")
    return Region(
        label,
        drawn,
        score=float(score) if isinstance(score, int | float) and math.isfinite(score) else None,
        suggested=result.get("origin") == "prediction",
        identifier=result["id"] if isinstance(result.get("id"), str) else None,
    )


def size_of(result: Value) -> Size:
    """`(rows, columns)` of the image that an entry was drawn on.

    Raises:
        BadRegion: it does not say.
    """
    sides = []
    for key in ("original_height", "original_width"):
        side = result.get(key)
        if isinstance(side, bool) or not isinstance(side, int) or side < 1:
            raise BadRegion(f"{side!r} is not a size in pixels; export the task again", field=key)
        sides.append(side)
    return sides[0], sides[1]


def _label(value: object, labels: Mapping[str, Label] | None, field: str) -> Label:
    if not isinstance(value, list) or len(value) != 1:
        raise BadRegion(f"a region needs one label, this one has {value!r}", field=field)
    return label_of(value[0], labels, field)


def _pixels(percent: float, pixels: int) -> float:
    return round(percent * pixels / 100, DECIMALS)


def _rounded(ring: Ring) -> Ring:
    return tuple((round(column, DECIMALS), round(row, DECIMALS)) for column, row in ring)


def _number(value: Value, key: str) -> float:
    return number_of(value.get(key), f"value.{key}")


def _polygon(value: Value, size: Size) -> Polygon:
    if value.get("closed", True) is False:
        raise BadRegion("the outline is not closed; finish it", field="value.closed")
    points = ring_of(value.get("points"), "value.points")
    return unpick(tuple((_pixels(column, size[1]), _pixels(row, size[0])) for column, row in points))


def _rectangle(value: Value, size: Size) -> Polygon:
    corner = (_number(value, "x") * size[1] / 100, _number(value, "y") * size[0] / 100)
    sides = (_number(value, "width") * size[1] / 100, _number(value, "height") * size[0] / 100)
    return Polygon(_rounded(rectangle(corner, sides, _rotation(value))))


def _ellipse(value: Value, size: Size) -> Polygon:
    centre = (_number(value, "x") * size[1] / 100, _number(value, "y") * size[0] / 100)
    radii = (_number(value, "radiusX") * size[1] / 100, _number(value, "radiusY") * size[0] / 100)
    return Polygon(_rounded(ellipse(centre, radii, _rotation(value))))


def _rotation(value: Value) -> float:
    return _number(value, "rotation") if value.get("rotation") is not None else 0.0


def _brush(value: Value, size: Size) -> MaskPatch:
    if value.get("format") != "rle" or not isinstance(value.get("rle"), list):
        raise BadRegion(f"brush format {value.get('format')!r} is not read; export as JSON", field="value.format")
    mask = decode_brush(value["rle"], *size)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise BadRegion("no pixel is painted", field="value.rle")
    painted = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return check_patch(MaskPatch(int(columns[0]), int(rows[0]), painted), size, "value.rle")


def _digest(*said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:10]


OUTLINES: dict[str, Callable[[Value, Size], Polygon]] = {
    "polygonlabels": _polygon,
    "rectanglelabels": _rectangle,
    "ellipselabels": _ellipse,
}
"""Entry types that outline an area."""
