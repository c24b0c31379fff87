"""How large an image is that a file of outlines names but does not measure."""

from pathlib import Path, PurePosixPath

from PIL import Image

from converters.errors import UnreadableFile
from converters.limits import MOST_PIXELS

ORIENTATION = 0x0112
"""EXIF's tag; from LYING on, rows and columns change places when the image is shown."""
LYING = 5

Size = tuple[int, int]
"""`(rows, columns)`."""


def size_beside(folder: Path, image: str) -> Size | None:
    """The size as shown of an image in `folder`, under its relative path or under its name alone; None if absent."""
    for candidate in (folder / image, folder / PurePosixPath(image).name):
        try:
            with Image.open(candidate) as opened:
                lying = opened.getexif().get(ORIENTATION, 1) >= LYING
                return (opened.width, opened.height) if lying else (opened.height, opened.width)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
    return None


def checked_size(size: Size | None, source: str) -> Size:
    """The size, if outlines can be drawn on it.

    Raises:
        UnreadableFile: unknown, or of more than MOST_PIXELS.
    """
    if size is None:
        raise UnreadableFile("says no image size; put the image file beside it", source=source)
    rows, columns = size
    if rows * columns > MOST_PIXELS:
        raise UnreadableFile(f"an image of {rows} rows × {columns} columns is no scan", source=source)
    return size
