"""The pixels of a mask image file, exactly as they are stored: nothing is rescaled, smoothed or dithered.

Colours of 16 bits a channel count by their higher 8.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from converters.colours import BLACK
from converters.drawn import Colour
from converters.errors import UnreadableFile
from converters.limits import MOST_PIXELS

FORMATS = ("PNG", "GIF", "TIFF", "BMP")
LOSSY = ("JPEG",)
ORIENTATION_TAG = 0x0112

WHITE: Colour = (255, 255, 255)

LEVELS = ("1", "L", "P")
"""Modes whose values are grey levels or palette entries, each of one colour."""
WIDE = ("I;16", "I;16L", "I;16B", "I")
COLOURED = ("RGB", "RGBA", "LA", "PA")

PACKED = np.dtype(">u4")
"""Red, green, blue and opacity of a pixel."""

MANY = 2**22
"""Pixels that are counted at a time."""

MOST_LEVELS = 70_000
"""Different values of one mask image: as many as an instance map of 16 bits has, fewer than a photograph."""


@dataclass(frozen=True)
class Level:
    """What pixels of one value look like.

    Attributes:
        number: grey value or palette entry, None for colours.
        colour: None for grey values of more than 8 bits.
        opacity: 0 (transparent) to 255.
        pixels: how many there are.
    """

    number: int | None
    colour: Colour | None
    opacity: int
    pixels: int

    @property
    def is_ground(self) -> bool:
        """What masks are painted on, 0 or black."""
        return self.number in (0, None) and self.colour in (BLACK, None)

    @property
    def is_white(self) -> bool:
        """What masks of one label are painted with, 255 or white."""
        return self.opacity == 255 and (self.colour == WHITE if self.colour is not None else self.number == 255)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        grey = self.colour is None or self.colour == (self.number,) * 3
        told = f"grey {self.number}" if grey else "colour #{:02x}{:02x}{:02x}".format(*self.colour or BLACK)
        told += f" (number {self.number})" if self.number is not None and not grey else ""
        return told if self.opacity == 255 else f"{told}, {self.opacity / 255:.0%} opaque"


@dataclass(frozen=True, eq=False)
class MaskPixels:
    """One image.

    Attributes:
        values: `(rows, columns)` integers.
        levels: what each value looks like.
    """

    values: NDArray[np.integer]
    levels: Mapping[int, Level]

    @property
    def numbers(self) -> NDArray[np.integer] | None:
        """`(rows, columns)` grey values or palette entries; None where the image has colours or is transparent."""
        if any(level.number is None or level.opacity < 255 for level in self.levels.values()):
            return None
        return self.values >> 24 if self.values.dtype == PACKED else self.values

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[0], self.values.shape[1]

    def first(self, value: int) -> tuple[int, int]:
        """`(column, row)` of the first pixel of this value."""
        row, column = divmod(int(np.argmax(self.values == value)), self.values.shape[1])
        return column, row


def read_pixels(content: bytes, source: str) -> MaskPixels:
    """Decode a mask image.

    Raises:
        UnreadableFile: not a PNG, GIF, TIFF or BMP of one page; damaged, lossy, too large, or a photograph.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=(*FORMATS, *LOSSY)) as image:
                _check(image, source)
                image.load()
                return _pixels(image, source)
    except UnreadableFile:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        message = f"is no {', '.join(FORMATS)} image of a scan's size, or damaged; export the mask again"
        raise UnreadableFile(message, source=source) from error
    except Exception as error:
        raise UnreadableFile("is damaged or cut short; copy the mask again", source=source) from error


def _check(image: Image.Image, source: str) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise UnreadableFile(f"an image of {image.height} rows × {image.width} columns is no scan", source=source)
    if image.format in LOSSY:
        raise UnreadableFile("is a JPEG, which blurs the borders of masks; save masks as PNG", source=source)
    if getattr(image, "n_frames", 1) != 1:
        raise UnreadableFile("holds several pages; save one mask per file", source=source)
    if image.getexif().get(ORIENTATION_TAG, 1) != 1:
        raise UnreadableFile("is to be shown rotated (EXIF orientation); save it upright", source=source)
    if image.mode not in (*LEVELS, *WIDE, *COLOURED):
        message = f"has colours of the kind {image.mode}; save the mask as a grey, palette or RGB PNG"
        raise UnreadableFile(message, source=source)


def _pixels(image: Image.Image, source: str) -> MaskPixels:
    if image.mode in WIDE:
        values: NDArray[np.integer] = np.asarray(image)
        told = _counted(values, source)
        return MaskPixels(values, {value: Level(value, None, 255, count) for value, count in told.items()})
    if image.mode in LEVELS:
        values = np.asarray(image).astype(np.uint8, copy=False)
        told = _counted(values, source)
        stored = MaskPixels(values, {})
        return MaskPixels(values, {v: _level(image, stored.first(v), v, count) for v, count in told.items()})
    bands = np.ascontiguousarray(image.convert("RGBA"), dtype=np.uint8)
    values = bands.view(PACKED)[..., 0]
    told = _counted(values, source)
    return MaskPixels(values, {value: _colour_level(value, count) for value, count in told.items()})


def _counted(values: NDArray[np.integer], source: str) -> dict[int, int]:
    """How many pixels there are of each value."""
    if values.itemsize == 1:
        counts = np.zeros(256, np.int64)
        for rows in np.array_split(values, -(-values.size // MANY)):
            counts += np.bincount(rows.ravel(), minlength=256)
        told: NDArray[np.integer] = np.flatnonzero(counts)
        counts = counts[told]
    else:
        told, counts = np.unique(values, return_counts=True)
    if len(told) > MOST_LEVELS:
        message = f"holds {len(told):,} different colours; it is a photograph, not a mask"
        raise UnreadableFile(message, source=source)
    return dict(zip(told.tolist(), counts.tolist(), strict=True))


def _level(image: Image.Image, at: tuple[int, int], value: int, count: int) -> Level:
    column, row = at
    # Pillow knows best what a palette entry looks like and whether it is the transparent one.
    bands = np.asarray(image.crop((column, row, column + 1, row + 1)).convert("RGBA"))[0, 0].tolist()
    return Level(value, (bands[0], bands[1], bands[2]), bands[3], count)


def _colour_level(value: int, count: int) -> Level:
    red, green, blue, opacity = value.to_bytes(4, "big")
    return Level(red if red == green == blue else None, (red, green, blue), opacity, count)
