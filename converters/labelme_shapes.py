"""One entry of a Labelme file's `shapes` ↔ one region or mark.

Labelme has no holes; they are sewn to the outline (`seams`). What Labelme does not know it keeps when it saves, so
`score`, `identifier` and `suggestion` are ours.
"""

import base64
import binascii
import hashlib
import io
import math
from typing import Any, Literal

import numpy as np
from PIL import Image

from converters.errors import BadRegion
from converters.limits import MOST_PIXELS
from converters.outlines import Size, check_patch, ellipse, label_of, ring_of, shortened
from converters.regions import Figure, Label, Labels, Mark, MaskPatch, Polygon, Region, Ring
from converters.seams import sew, unpick

OURS = frozenset({"label", "points", "shape_type", "group_id", "mask", "score", "suggestion", "identifier"})
"""Keys of an entry that become fields of a region or mark; all others are kept."""

MARKS: dict[str, Literal["point", "points", "line"]] = {
    "point": "point",
    "points": "points",
    "line": "line",
    "linestrip": "line",
}
FEWEST_POINTS = {"point": 1, "points": 1, "line": 2, "linestrip": 2}


def read_shape(shape: object, size: Size, labels: Labels | None = None, *, keep_marks: bool = False) -> Region | Mark:
    """The region that an entry draws, or the mark that it is; what an outline means on the image is not yet checked.

    Args:
        shape: the entry.
        size: of the image.
        labels: what the file's labels mean, where they are not ours.
        keep_marks: points and lines become marks; else they are refused.

    Raises:
        BadRegion: it has no meaning here; the error's field is relative to the entry.
    """
    if not isinstance(shape, dict):
        raise BadRegion(f"{shortened(shape)} is not a shape")
    kind = shape.get("shape_type") or "polygon"
    if not isinstance(kind, str):
        raise BadRegion(f"{shortened(kind)} is no kind of shape; draw a polygon", field="shape_type")
    if kind in MARKS and keep_marks:
        return _mark(shape, kind)
    label = label_of(shape.get("label"), labels, "label")
    points = ring_of(shape.get("points"))
    drawn = _painted(shape, points, size) if kind == "mask" else _outline(kind, points)
    identifier = shape.get("identifier")
    return Region(
        label,
        drawn,
        score=_score(shape.get("score")),
        suggested=shape.get("suggestion") is not None and shape["suggestion"] == _digest(label, drawn),
        group=_group(shape.get("group_id")),
        identifier=identifier if isinstance(identifier, str) else None,
        kept={key: value for key, value in shape.items() if key not in OURS},
    )


def write_shape(drawn: Region | Mark) -> dict[str, Any]:
    """The entry that Labelme opens and that `read_shape` reads back."""
    entry: dict[str, Any] = {
        "label": drawn.label,
        "points": [],
        "group_id": drawn.group,
        "description": "",
        "flags": {},
    }
    entry |= drawn.kept
    entry |= _written_mark(drawn) if isinstance(drawn, Mark) else _written_region(drawn)
    return entry if drawn.identifier is None else entry | {"identifier": drawn.identifier}


def _score(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None  # type: ignore[arg-type]


def _group(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise BadRegion(f"{shortened(value)} is not a group number; set it in Labelme", field="group_id")


def _mark(shape: dict[str, Any], kind: str) -> Mark:
    label, points = shape.get("label"), ring_of(shape.get("points"))
    if not isinstance(label, str):
        raise BadRegion(f"{shortened(label)} is not a label", field="label")
    if len(points) < FEWEST_POINTS[kind]:
        raise BadRegion(f"a {kind} has {FEWEST_POINTS[kind]} points or more, this one {len(points)}", field="points")
    identifier = shape.get("identifier")
    return Mark(
        MARKS[kind],
        label,
        points,
        group=_group(shape.get("group_id")),
        identifier=identifier if isinstance(identifier, str) else None,
        kept={key: value for key, value in shape.items() if key not in OURS},
    )


def _outline(kind: str, points: Ring) -> Polygon:
    if kind == "oriented_rectangle" and len(points) == 4:
        return Polygon(points, figure=Figure("oriented_rectangle", points))
    if kind in ("polygon", "oriented_rectangle") or (kind == "rectangle" and len(points) == 4):
        return unpick(points)
    if kind in MARKS:
        raise BadRegion(
            f"a {kind} has no area; draw an outline, or keep it as a mark with --marks keep", field="shape_type"
        )
    if kind not in ("rectangle", "circle"):
        raise BadRegion(f"unknown shape {shortened(kind)}; draw a polygon", field="shape_type")
    if len(points) != 2:
        raise BadRegion(f"a {kind} has 2 points, this one {len(points)}", field="points")
    (column, row), (other_column, other_row) = points
    if kind == "rectangle":
        corners = ((column, row), (other_column, row), (other_column, other_row), (column, other_row))
        return Polygon(corners, figure=Figure("rectangle", points))
    radius = math.hypot(other_column - column, other_row - row)
    return Polygon(ellipse(points[0], (radius, radius)), figure=Figure("circle", points))


def _painted(shape: dict[str, Any], points: Ring, size: Size) -> MaskPatch:
    """Labelme's mask: a PNG between the first and the last pixel, both included."""
    if len(points) != 2:
        raise BadRegion(f"a mask has 2 points, this one {len(points)}", field="points")
    (left, top), (right, bottom) = ((int(column), int(row)) for column, row in points)
    try:
        with Image.open(io.BytesIO(base64.b64decode(shape.get("mask") or ""))) as image:
            if image.size != (right - left + 1, bottom - top + 1):
                raise BadRegion(
                    f"the mask is {image.size} pixels, its points say {right - left + 1, bottom - top + 1}",
                    field="mask",
                )
            if image.width * image.height > MOST_PIXELS:
                raise BadRegion(f"a mask of {image.size} pixels is more than a scan has", field="mask")
            pixels = np.asarray(image.convert("L")) > 0
    except (OSError, TypeError, ValueError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise BadRegion(f"the mask cannot be read ({error}); paint it again", field="mask") from error
    return check_patch(MaskPatch(left, top, pixels), size, "mask")


def _written_mark(mark: Mark) -> dict[str, Any]:
    kind = "linestrip" if mark.kind == "line" and len(mark.points) > 2 else mark.kind
    return {"shape_type": kind, "points": [list(point) for point in mark.points], "mask": None}


def _written_region(region: Region) -> dict[str, Any]:
    drawn = region.shape
    if isinstance(drawn, MaskPatch):
        rows, columns = drawn.pixels.shape
        last = [drawn.column + columns - 1, drawn.row + rows - 1]
        entry: dict[str, Any] = {"shape_type": "mask", "points": [[drawn.column, drawn.row], last], "mask": _png(drawn)}
    else:
        kind, points = _figure_or_outline(drawn)
        entry = {"shape_type": kind, "points": [list(point) for point in points], "mask": None}
    if region.score is not None:
        entry["score"] = region.score
    if region.suggested:
        entry["suggestion"] = _digest(region.label, drawn)
    return entry


def _figure_or_outline(polygon: Polygon) -> tuple[str, Ring]:
    figure = polygon.figure
    if figure is None or polygon.holes:
        return "polygon", sew(polygon)
    if figure.kind in ("circle", "oriented_rectangle") or (figure.kind == "rectangle" and not figure.degrees):
        return figure.kind, figure.points
    if figure.kind == "rectangle":
        return "oriented_rectangle", polygon.exterior
    (column, row), (right, bottom) = figure.points
    if abs(right - column) == abs(bottom - row):
        return "circle", ((column, row), (right, row))
    return "polygon", polygon.exterior


def _png(patch: MaskPatch) -> str:
    buffer = io.BytesIO()
    Image.fromarray(patch.pixels.astype(bool)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _digest(label: Label, drawn: Polygon | MaskPatch) -> str:
    """What a suggestion looked like, so that one left as it was is told from one that was moved."""
    if isinstance(drawn, MaskPatch):
        said = f"{label} {drawn.column} {drawn.row} {drawn.pixels.shape} {np.packbits(drawn.pixels).tobytes().hex()}"
    else:
        said = f"{label} {[tuple(map(float, point)) for point in sew(drawn)]}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
