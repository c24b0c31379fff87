"""Label Studio's bitmask: a PNG of the image's own size inside a data address, painted where it is not transparent."""

import base64
import binascii
import io
import struct

import numpy as np
from PIL import Image

from converters.errors import BadRegion
from converters.outlines import shortened
from converters.regions import Mask

PREFIX = "data:image/png;base64,"
BYTES_PER_PIXEL = 5
"""Of a PNG, at most, beside its head: four of colour and one to spare."""
HEAD = 4096

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END_OF_SIZE = 24


def decode_bitmask(address: object, rows: int, columns: int, field: str) -> Mask:
    """The `(rows, columns)` mask inside a data address; the PNG's size is looked at before its pixels are.

    Raises:
        BadRegion: no PNG of this size with transparency.
    """
    if not isinstance(address, str) or not address.startswith(PREFIX):
        raise BadRegion(f"{shortened(address)} is no PNG data address; export the task again", field=field)
    if len(address) > 2 * (BYTES_PER_PIXEL * rows * columns + HEAD):
        message = f"{len(address):,} characters are more than {rows} rows × {columns} columns need; paint it again"
        raise BadRegion(message, field=field)
    try:
        content = base64.b64decode(address[len(PREFIX) :], validate=True)
        size = _size_of(content)
        if size != (rows, columns):
            found = f"is {size[0]} rows × {size[1]} columns" if size else "is no PNG"
            raise BadRegion(f"it {found}, the image {rows} rows × {columns} columns; paint it again", field=field)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if not image.has_transparency_data:
                raise BadRegion("the bitmask has no transparency, so all of it would be painted", field=field)
            return np.asarray(image.convert("RGBA"))[..., 3] > 0
    except (OSError, SyntaxError, ValueError, binascii.Error) as error:
        raise BadRegion(f"the bitmask cannot be read ({error}); paint it again", field=field) from error


def _size_of(content: bytes) -> tuple[int, int] | None:
    """Rows and columns by the PNG's head, None where it has none."""
    if len(content) < END_OF_SIZE or not content.startswith(SIGNATURE):
        return None
    columns, rows = struct.unpack(">II", content[END_OF_SIZE - 8 : END_OF_SIZE])
    return rows, columns
