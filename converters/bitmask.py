"""Label Studio's bitmask: a PNG of the image's own size inside a data address, painted where it is not transparent."""

import base64
import binascii
import io

import numpy as np
from PIL import Image

from converters.errors import BadRegion
from converters.outlines import shortened
from converters.regions import Mask

PREFIX = "data:image/png;base64,"
BYTES_PER_PIXEL = 5
"""Of a PNG, at most, beside its head: four of colour and one to spare."""
HEAD = 4096


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
        with Image.open(io.BytesIO(base64.b64decode(address[len(PREFIX) :], validate=True)), formats=["PNG"]) as image:
            if image.size != (columns, rows):
                size = f"{image.height} rows × {image.width} columns"
                message = f"the bitmask has {size}, the image {rows} rows × {columns} columns; paint it again"
                raise BadRegion(message, field=field)
            if not image.has_transparency_data:
                raise BadRegion("the bitmask has no transparency, so all of it would be painted", field=field)
            return np.asarray(image.convert("RGBA"))[..., 3] > 0
    except (OSError, SyntaxError, ValueError, binascii.Error, Image.DecompressionBombError) as error:
        raise BadRegion(f"the bitmask cannot be read ({error}); paint it again", field=field) from error
