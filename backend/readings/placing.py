"""Which image of ours a reader drew on, and the way of the outlines onto the normalised grid."""

import dataclasses
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from sqlalchemy.orm import Session

from backend.errors import ImageUnknown, ReadingError
from backend.records import SubImage
from backend.settings import Settings
from backend.store.images import find_images
from backend.store.tables import Image
from converters.grid import GRID_SHAPE, GridTransform
from converters.regions import MaskPatch, Polygon, Region
from converters.trace import as_polygons

SAME_GREY = 1.0
"""Mean difference in grey levels up to which an image of the grid's size is the same image."""
SAME_CORRELATION = 0.95
"""Correlation from which an image of the source's size shows the same scan in whatever grey levels."""


@dataclass(frozen=True, eq=False)
class Place:
    """The image that a name means, and in whose pixels a file of that name draws (`grid` or `source`)."""

    image: Image
    in_source: bool
    name: str

    @property
    def shape(self) -> tuple[int, int]:
        """`(rows, columns)` of the image that the reader had on screen."""
        return (self.image.rows, self.image.columns) if self.in_source else GRID_SHAPE

    @property
    def transform(self) -> GridTransform:
        """From the pixels that the reader saw to the grid."""
        return GridTransform.fit(*self.shape)


def find_place(session: Session, settings: Settings, name: str, source: str, field: str) -> Place:
    """The one image that `name` means.

    Raises:
        ImageUnknown: no image has that name, or several do.
    """
    found = find_images(session, settings, name)
    if not found:
        raise ImageUnknown(
            f"no study has an image {name!r}; ingest it first or mend the name", source=source, field=field
        )
    if len({image.id for image, _ in found}) > 1:
        message = f"{len(found)} images are called {name!r}; give the path as the list of studies has it"
        raise ImageUnknown(message, source=source, field=field)
    image, space = found[0]
    return Place(image, space == "source", name)


def to_grid(regions: Iterable[Region], place: Place, size: tuple[int, int] | None, source: str) -> tuple[Region, ...]:
    """The regions in grid pixels.

    Args:
        size: `(rows, columns)` that the file gives for its image, None where it gives none.

    Raises:
        ReadingError: the file was drawn on an image of another size.
    """
    if size is not None and size != place.shape:
        rows, columns = place.shape
        raise ReadingError(
            f"drawn on {size[0]} rows × {size[1]} columns, but {place.name!r} has {rows} × {columns}; "
            "draw on the image that the worklist gives",
            source=source,
        )
    if place.transform.is_identity:
        return tuple(regions)
    return tuple(mapped for region in regions for mapped in _mapped(region, place.transform))


def check_pixels(embedded: bytes, place: Place, sub_images: Iterable[SubImage], source: str) -> None:
    """Raises: ReadingError: the image inside the file is unreadable or shows another scan."""
    pixels = _decoded(embedded, source)
    if pixels.shape != place.shape:
        same = False
    elif place.transform.is_identity:
        same = any(np.abs(pixels - image).mean() <= SAME_GREY for image in sub_images)
    else:
        same = any(_correlation(pixels, image, place.transform) >= SAME_CORRELATION for image in sub_images)
    if not same:
        message = f"the image inside the file is not {place.name!r}; the outlines may belong to another scan"
        raise ReadingError(message, source=source, field="imageData")


def _mapped(region: Region, transform: GridTransform) -> Iterable[Region]:
    pieces = as_polygons(region) if isinstance(region.shape, MaskPatch) else (region,)
    for piece in pieces:
        if isinstance(piece.shape, Polygon):
            yield dataclasses.replace(piece, shape=transform.polygon_to_grid(piece.shape))


def _decoded(embedded: bytes, source: str) -> NDArray[np.float64]:
    try:
        with Picture.open(io.BytesIO(embedded)) as picture:
            return np.asarray(picture.convert("L"), dtype=np.float64)
    except (OSError, ValueError, Picture.DecompressionBombError) as error:
        message = f"the image inside the file cannot be read ({error}); save it without the image"
        raise ReadingError(message, source=source, field="imageData") from None


def _correlation(pixels: NDArray[np.float64], image: SubImage, transform: GridTransform) -> float:
    """Correlation of a source image with a sub-image, taken where the source lies on the grid."""
    size = (max(1, round(transform.columns * transform.scale)), max(1, round(transform.rows * transform.scale)))
    left, top = round(transform.column_offset), round(transform.row_offset)
    scaled = np.asarray(Picture.fromarray(pixels.astype(np.float32)).resize(size, Picture.Resampling.BILINEAR))
    ours = image[top : top + size[1], left : left + size[0]].astype(np.float64)
    if scaled.shape != ours.shape or not (scaled.std() and ours.std()):
        return 0.0
    return abs(float(np.corrcoef(scaled.ravel(), ours.ravel())[0, 1]))
