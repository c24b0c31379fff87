"""Labelme's JSON, versions 2.x to 6.x: read into regions, written so that Labelme opens it.

Labelme's coordinates are ours: pixels, the origin at the top-left corner of the top-left pixel. It has no holes; they
are sewn to the outline (`seams`). What Labelme does not know (`score`, `suggestion`) it keeps when it saves.
"""

import base64
import binascii
import hashlib
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from converters.document import parse_json
from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.outlines import Size, check_patch, check_polygon, ellipse, label_of, ring_of
from converters.regions import Label, MaskPatch, Polygon, Region, Ring
from converters.seams import sew, unpick

VERSION = "5.5.0"
"""The Labelme version whose format is written."""

EXCLUSIONS = ("unreadable", "primary bone tumour", "cannot be settled")
"""Image flags that take the image out, in order of precedence."""
READ_FLAG = "read"
"""Image flag by which a reader who changes nothing can still save the file: Labelme saves only what was changed."""

WITHOUT_AREA = ("point", "points", "line", "linestrip")


@dataclass(frozen=True, eq=False)
class LabelmeDocument:
    """What one Labelme file says.

    Attributes:
        version: Labelme's, "" where the file does not say (2.x).
        image_path: as written, with `/` as separator.
        rows, columns: size of the image in pixels, None where neither the file nor an embedded image says.
        regions: the readable shapes, coordinates in pixels of the image.
        exclusion: the image flag that takes the image out, if one is set.
        embedded_image: the image file inside, as bytes.
        problems: what could not be read, each with its field.
        flags: all image flags.
    """

    version: str
    image_path: str
    rows: int | None
    columns: int | None
    regions: tuple[Region, ...]
    exclusion: str | None
    embedded_image: bytes | None
    problems: tuple[ConversionError, ...]
    flags: dict[str, bool] = field(default_factory=dict)


def read_labelme(content: bytes, source: str, *, labels: Mapping[str, Label] | None = None) -> LabelmeDocument:
    """Read a Labelme file; one bad shape is a problem and the rest is read.

    Args:
        content: the file.
        source: its name for messages.
        labels: what the file's labels mean, where they are not ours.

    Raises:
        UnreadableFile: not JSON, or not Labelme's.
    """
    data = parse_json(content, source)
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list):
        raise UnreadableFile("no Labelme file: it has no list of `shapes`", source=source)
    if not isinstance(data.get("imagePath"), str) or not data["imagePath"]:
        raise UnreadableFile(
            "the file names no image; open it in Labelme and save it again", source=source, field="imagePath"
        )
    problems: list[ConversionError] = []
    embedded, embedded_size = _embedded(data.get("imageData"), source, problems)
    size = _size(data, embedded_size, source, problems)
    regions = []
    for index, shape in enumerate(data["shapes"]):
        try:
            regions.append(_region(shape, size, labels))
        except BadRegion as error:
            where = f"shapes[{index}].{error.field}" if error.field else f"shapes[{index}]"
            problems.append(BadRegion(error.message, source=source, field=where))
    flags = {str(name): value is True for name, value in _mapping(data.get("flags")).items()}
    return LabelmeDocument(
        version=str(data.get("version") or ""),
        image_path=data["imagePath"].replace("\\", "/"),
        rows=size[0],
        columns=size[1],
        regions=tuple(regions),
        exclusion=next((word for word in EXCLUSIONS if flags.get(word)), None),
        embedded_image=embedded,
        problems=tuple(problems),
        flags=flags,
    )


def write_labelme(
    regions: Iterable[Region],
    image_path: str,
    rows: int,
    columns: int,
    *,
    flags: Mapping[str, bool] | None = None,
    image_data: bytes | None = None,
) -> bytes:
    """A file that Labelme 5 opens; `read_labelme` gives the same regions back.

    Args:
        regions: polygons and painted shapes, coordinates in pixels of the image.
        image_path: of the image, relative to where the file will lie.
        rows, columns: size of the image.
        flags: image flags, e.g. `{"unreadable": True}`.
        image_data: the image file to embed.
    """
    document = {
        "version": VERSION,
        "flags": dict(flags or {}),
        "shapes": [_shape(region) for region in regions],
        "imagePath": image_path,
        "imageData": None if image_data is None else base64.b64encode(image_data).decode("ascii"),
        "imageHeight": rows,
        "imageWidth": columns,
    }
    # Labelme opens files in the encoding of the desktop, so only ASCII is safe.
    return json.dumps(document, indent=2, allow_nan=False).encode("ascii")


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _embedded(value: object, source: str, problems: list[ConversionError]) -> tuple[bytes | None, Size]:
    if not value:
        return None, (None, None)
    try:
        if not isinstance(value, str):
            raise TypeError(f"{type(value).__name__} where base64 text belongs")
        content = base64.b64decode(value, validate=False)
        with Image.open(io.BytesIO(content)) as image:
            return content, (image.height, image.width)
    except (OSError, TypeError, ValueError, Image.DecompressionBombError) as error:
        problems.append(
            UnreadableFile(f"the embedded image cannot be read ({error})", source=source, field="imageData")
        )
        return None, (None, None)


def _size(data: dict[str, Any], embedded: Size, source: str, problems: list[ConversionError]) -> Size:
    said: list[int | None] = []
    for key, real in zip(("imageHeight", "imageWidth"), embedded, strict=True):
        value = data.get(key)
        usable = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if value is not None and not usable:
            problems.append(ConversionError(f"{value!r} is not a size in pixels", source=source, field=key))
        if usable and real is not None and value != real:
            message = f"{value} differs from the embedded image's {real}; open the file in Labelme and save it again"
            problems.append(ConversionError(message, source=source, field=key))
        said.append(real if real is not None else (value if usable else None))
    return said[0], said[1]


def _region(shape: object, size: Size, labels: Mapping[str, Label] | None) -> Region:
    if not isinstance(shape, dict):
        raise BadRegion(f"{shape!r} is not a shape")
    label = label_of(shape.get("label"), labels, "label")
    kind = shape.get("shape_type") or "polygon"
    points = ring_of(shape.get("points"))
    drawn = _painted(shape, points, size) if kind == "mask" else check_polygon(_outline(kind, points), size)
    score = shape.get("score")
    identifier = shape.get("identifier")
    return Region(
        label,
        drawn,
        score=float(score) if isinstance(score, int | float) and math.isfinite(score) else None,
        suggested=shape.get("suggestion") is not None and shape["suggestion"] == _digest(label, drawn),
        identifier=identifier if isinstance(identifier, str) else None,
    )


def _outline(kind: str, points: Ring) -> Polygon:
    if kind in ("polygon", "oriented_rectangle") or (kind == "rectangle" and len(points) == 4):
        return unpick(points)
    if kind in WITHOUT_AREA:
        raise BadRegion(f"a {kind} has no area; draw an outline", field="shape_type")
    if kind not in ("rectangle", "circle"):
        raise BadRegion(f"unknown shape {kind!r}; draw a polygon", field="shape_type")
    if len(points) != 2:
        raise BadRegion(f"a {kind} has 2 points, this one {len(points)}", field="points")
    (column, row), (other_column, other_row) = points
    if kind == "rectangle":
        return Polygon(((column, row), (other_column, row), (other_column, other_row), (column, other_row)))
    radius = math.hypot(other_column - column, other_row - row)
    return Polygon(ellipse(points[0], (radius, radius)))


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
            pixels = np.asarray(image.convert("L")) > 0
    except (OSError, TypeError, binascii.Error, Image.DecompressionBombError) as error:
        raise BadRegion(f"the mask cannot be read ({error})", field="mask") from error
    return check_patch(MaskPatch(left, top, pixels), size, "mask")


def _shape(region: Region) -> dict[str, Any]:
    drawn = region.shape
    shape: dict[str, Any] = {"label": region.label, "points": [], "group_id": None, "description": "", "flags": {}}
    if isinstance(drawn, MaskPatch):
        rows, columns = drawn.pixels.shape
        last = [drawn.column + columns - 1, drawn.row + rows - 1]
        shape |= {"shape_type": "mask", "points": [[drawn.column, drawn.row], last], "mask": _png(drawn)}
    else:
        shape |= {"shape_type": "polygon", "points": [list(point) for point in sew(drawn)], "mask": None}
    if region.score is not None:
        shape["score"] = region.score
    if region.suggested:
        shape["suggestion"] = _digest(region.label, drawn)
    if region.identifier is not None:
        shape["identifier"] = region.identifier
    return shape


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
