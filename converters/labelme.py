"""Labelme's JSON, versions 2.x to 7.x: read into regions and marks, written so that Labelme opens it.

Labelme's coordinates are ours: pixels, the origin at the top-left corner of the top-left pixel. What neither Labelme
nor we know is kept.
"""

import base64
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from converters.document import parse_json
from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.groups import Placed, join_groups
from converters.labelme_shapes import read_shape, write_shape
from converters.limits import MOST_PIXELS
from converters.outlines import Size, check_polygon, shortened, surely_mean_something
from converters.regions import Kept, Labels, Mark, Polygon, Region

VERSION = "5.5.0"
"""The Labelme version whose format is written."""

EXCLUSIONS = ("unreadable", "primary bone tumour", "cannot be settled")
"""Image flags that take the image out, in order of precedence."""
READ_FLAG = "read"
"""Image flag by which a reader who changes nothing can still save the file: Labelme saves only what was changed."""

OURS = ("version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth")
"""Keys of a document that become fields of it; all others are kept."""


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
        marks: points and lines, where they were asked for.
        notes: which outlines became holes.
        kept: what the file says besides, by its own keys.
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
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    kept: Kept = field(default_factory=dict)


def read_labelme(
    content: bytes, source: str, *, labels: Labels | None = None, keep_marks: bool = False
) -> LabelmeDocument:
    """Read a Labelme file; one bad shape is a problem and the rest is read.

    Args:
        content: the file.
        source: its name for messages.
        labels: what the file's labels mean, where they are not ours.
        keep_marks: points and lines become marks; else each is a problem.

    Raises:
        UnreadableFile: not JSON, or not Labelme's.
    """
    return labelme_of(parse_json(content, source), source, labels=labels, keep_marks=keep_marks)


def labelme_of(data: object, source: str, *, labels: Labels | None = None, keep_marks: bool = False) -> LabelmeDocument:
    """`read_labelme` of JSON that is parsed already."""
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list):
        raise UnreadableFile("no Labelme file: it has no list of `shapes`", source=source)
    if not isinstance(data.get("imagePath"), str) or not data["imagePath"]:
        raise UnreadableFile(
            "the file names no image; open it in Labelme and save it again", source=source, field="imagePath"
        )
    problems: list[ConversionError] = []
    embedded, embedded_size = _embedded(data.get("imageData"), source, problems)
    size = _size(data, embedded_size, source, problems)
    listed, marks = _read_shapes(data["shapes"], size, (labels, keep_marks), source, problems)
    regions, notes = join_groups(listed)
    flags = {str(name): value is True for name, value in _mapping(data.get("flags")).items()}
    return LabelmeDocument(
        version=str(data.get("version") or ""),
        image_path=data["imagePath"].replace("\\", "/"),
        rows=size[0],
        columns=size[1],
        regions=regions,
        exclusion=next((word for word in EXCLUSIONS if flags.get(word)), None),
        embedded_image=embedded,
        problems=tuple(problems),
        flags=flags,
        marks=tuple(marks),
        notes=notes,
        kept={key: value for key, value in data.items() if key not in OURS},
    )


def write_labelme(
    drawn: Iterable[Region | Mark],
    image_path: str,
    rows: int,
    columns: int,
    *,
    flags: Mapping[str, bool] | None = None,
    kept: Kept | None = None,
) -> bytes:
    """A file that Labelme opens; `read_labelme` gives the same regions and marks back.

    Args:
        drawn: coordinates in pixels of the image.
        image_path: of the image, relative to where the file will lie.
        rows, columns: size of the image.
        flags: image flags, e.g. `{"unreadable": True}`.
        kept: further keys of the document; `imageData` is the image file in base64.
    """
    document = {
        "version": VERSION,
        "flags": dict(flags or {}),
        "shapes": [write_shape(one) for one in drawn],
        "imagePath": image_path,
        "imageData": None,
        "imageHeight": rows,
        "imageWidth": columns,
    }
    # Labelme opens files in the encoding of the desktop, so only ASCII is safe.
    return json.dumps(document | dict(kept or {}), indent=2).encode("ascii")


def _read_shapes(
    shapes: list[object], size: Size, meant: tuple[Labels | None, bool], source: str, problems: list[ConversionError]
) -> tuple[list[Placed], list[Mark]]:
    """Regions with their places, and marks; every shape becomes one of them or a problem."""
    read: dict[int, Region | Mark] = {}
    refused: dict[int, BadRegion] = {}
    for index, shape in enumerate(shapes):
        try:
            read[index] = read_shape(shape, size, meant[0], keep_marks=meant[1])
        except BadRegion as error:
            refused[index] = error
    outlines = {index: one.shape for index, one in read.items() if isinstance(one, Region)}
    polygons = {index: shape for index, shape in outlines.items() if isinstance(shape, Polygon)}
    for index, is_sure in zip(polygons, surely_mean_something(list(polygons.values()), size), strict=True):
        try:
            is_sure or check_polygon(polygons[index], size)
        except BadRegion as error:
            refused[index] = error
            del read[index]
    for index, why in sorted(refused.items()):
        where = f"shapes[{index}].{why.field}" if why.field else f"shapes[{index}]"
        problems.append(type(why)(why.message, source=source, field=where))
    regions = [(f"shapes[{index}]", one) for index, one in read.items() if isinstance(one, Region)]
    return regions, [one for one in read.values() if isinstance(one, Mark)]


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
    except (OSError, TypeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        problems.append(
            UnreadableFile(
                f"the embedded image cannot be read ({error}); save the file without it",
                source=source,
                field="imageData",
            )
        )
        return None, (None, None)


def _size(data: dict[str, Any], embedded: Size, source: str, problems: list[ConversionError]) -> Size:
    said: list[int | None] = []
    for key, real in zip(("imageHeight", "imageWidth"), embedded, strict=True):
        value = data.get(key)
        usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_PIXELS
        if value is not None and not usable:
            message = f"{shortened(value)} is not a size in pixels; open the file in Labelme and save it again"
            problems.append(ConversionError(message, source=source, field=key))
        if usable and real is not None and value != real:
            message = f"{value} differs from the embedded image's {real}; open the file in Labelme and save it again"
            problems.append(ConversionError(message, source=source, field=key))
        said.append(real if real is not None else (value if usable else None))
    return said[0], said[1]
