"""PNG, JPEG and TIFF: one grey image per file, 8-bit renderings or 16-bit raw counts."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from backend.errors import ScanError
from backend.records import SubImage
from backend.scans.sizes import check_size

FORMATS = ("PNG", "JPEG", "TIFF")
COUNT_MODES = ("I;16", "I;16B", "I;16L", "I", "F")
COLOUR_MODES = ("LA", "P", "PA", "RGB", "RGBA")
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True, eq=False)
class Picture:
    """One file: `(rows, columns)` uint8 grey levels, or float32 counts where it holds more than 8 bits."""

    pixels: SubImage | NDArray[np.float32]
    sha256: str

    @property
    def is_counts(self) -> bool:
        return self.pixels.dtype != np.uint8


def read_picture(path: Path) -> Picture:
    """Reads one image.

    Raises:
        ScanError: not a PNG, JPEG or TIFF, damaged, too large, coloured, or of several pages.
    """
    source = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScanError(f"cannot be read ({error.strerror}); check the path and its rights", source=source) from None
    if not content:
        raise ScanError("is empty; copy the file again", source=source)
    try:
        return Picture(_pixels(content, source), hashlib.sha256(content).hexdigest())
    except ScanError:
        raise
    except Image.DecompressionBombError as error:
        raise ScanError("is far larger than any scan; send a whole-body image", source=source) from error
    except UnidentifiedImageError as error:
        raise ScanError(f"is none of {', '.join(FORMATS)}, or damaged; export it again", source=source) from error
    except Exception as error:
        raise ScanError("is damaged or cut short; copy the file again", source=source) from error


def _pixels(content: bytes, source: str) -> SubImage | NDArray[np.float32]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            check_size(image.height, image.width, source)
            if getattr(image, "n_frames", 1) != 1:
                raise ScanError("holds several pages; save one image per file", source=source)
            if image.getexif().get(ORIENTATION_TAG, 1) != 1:
                raise ScanError("is to be shown rotated (EXIF orientation); save it upright", source=source)
            image.load()
            return _grey_or_counts(image, source)


def _grey_or_counts(image: Image.Image, source: str) -> SubImage | NDArray[np.float32]:
    if image.mode == "L":
        return np.array(image, dtype=np.uint8)
    if image.mode in COUNT_MODES:
        counts: NDArray[Any] = np.array(image)
        if not np.isfinite(counts).all():
            raise ScanError("holds counts that are not finite; export it again", source=source)
        return np.maximum(counts.astype(np.float32), 0)
    if image.mode in COLOUR_MODES:
        bands: NDArray[np.uint8] = np.array(image.convert("RGBA"), dtype=np.uint8)
        if (bands[..., :3] == bands[..., :1]).all() and (bands[..., 3] == 255).all():
            return bands[..., 0]
    raise ScanError(f"is {image.mode}, not grey; save it as an 8-bit grey image", source=source, field="mode")
