"""The de-identified copy of a reading: its regions in grid pixels as one canonical JSON text.

The same outlines give the same bytes, whatever program drew them: coordinates are rounded to 10⁻⁷ pixel, keys sorted,
and of a region only what it means is kept (no identifier, text or colour of the source file).
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from converters.regions import MaskPatch, Polygon, Region, Ring

DECIMALS = 7


def encode(regions: Iterable[Region]) -> bytes:
    """Regions as UTF-8 JSON, in the order given.

    Raises:
        ValueError: a coordinate or score is not a finite number.
    """
    document = [_plain(region) for region in regions]
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def decode(content: bytes) -> tuple[Region, ...]:
    """The regions that `encode` wrote; `encode(decode(content)) == content`."""
    return tuple(_region(plain) for plain in json.loads(content))


def _plain(region: Region) -> dict[str, Any]:
    plain: dict[str, Any] = {"label": region.label} | _plain_shape(region.shape)
    if region.score is not None:
        plain["score"] = region.score
    if region.suggested:
        plain["suggested"] = True
    if region.group is not None:
        plain["group"] = region.group
    return plain


def _plain_shape(shape: Polygon | MaskPatch) -> dict[str, Any]:
    if isinstance(shape, Polygon):
        return {"exterior": _rounded(shape.exterior), "holes": [_rounded(hole) for hole in shape.holes]}
    return {
        "corner": [int(shape.column), int(shape.row)],
        "size": [int(shape.pixels.shape[0]), int(shape.pixels.shape[1])],
        "bits": base64.b64encode(np.packbits(shape.pixels).tobytes()).decode(),
    }


def _rounded(ring: Ring) -> list[list[float]]:
    # adding 0.0 turns -0.0 into 0.0, which would be another text for the same place
    return [[round(float(column), DECIMALS) + 0.0, round(float(row), DECIMALS) + 0.0] for column, row in ring]


def _region(plain: dict[str, Any]) -> Region:
    return Region(
        plain["label"], _shape(plain), plain.get("score"), plain.get("suggested", False), group=plain.get("group")
    )


def _shape(plain: dict[str, Any]) -> Polygon | MaskPatch:
    if "exterior" in plain:
        return Polygon(_ring(plain["exterior"]), tuple(map(_ring, plain["holes"])))
    rows, columns = plain["size"]
    bits = np.frombuffer(base64.b64decode(plain["bits"]), dtype=np.uint8)
    pixels = np.unpackbits(bits, count=rows * columns).astype(bool).reshape(rows, columns)
    column, row = plain["corner"]
    return MaskPatch(column, row, pixels)


def _ring(points: list[list[float]]) -> Ring:
    return tuple((column, row) for column, row in points)
