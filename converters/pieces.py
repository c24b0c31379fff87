"""Masks → painted regions that hold exactly their pixels."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from converters.errors import BadRegion
from converters.limits import MOST_PIXELS
from converters.regions import Label, Mask, MaskPatch, Region

EIGHT_CONNECTED = np.ones((3, 3), int)

MOST_PIECES = 10_000
"""Pieces of one mask that become regions of their own; hand-drawn masks have a few."""

SUSPICIOUS_SHARE = 0.5
"""Of the image, beyond which a label is more likely the background."""

Numbers = NDArray[np.integer]
"""`(rows, columns)`: 0 where nothing is, else the number of a region."""


def patch_of(mask: Mask, row: int = 0, column: int = 0) -> MaskPatch:
    """The smallest patch that holds a `(rows, columns)` mask, whose own top-left pixel is at `(column, row)`.

    Raises:
        BadRegion: no pixel is painted.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise BadRegion("no pixel is painted")
    painted = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return MaskPatch(column + int(columns[0]), row + int(rows[0]), np.ascontiguousarray(painted))


def regions_of_mask(mask: Mask, label: Label) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    """One region per 8-connected piece of a `(rows, columns)` bool mask, from top to bottom, and notes.

    A mask of so many pieces that they are noise is one region: the pixels are the same.
    """
    if not mask.any():
        return (), ()
    whole = patch_of(mask)
    share = np.count_nonzero(whole.pixels) / mask.size
    notes = (f"{label} covers {share:.0%} of the image; was the mask inverted?",) if share > SUSPICIOUS_SHARE else ()
    numbers, count = ndimage.label(whole.pixels, EIGHT_CONNECTED)
    boxes = ndimage.find_objects(numbers) if count <= MOST_PIECES else []
    if not boxes or _area(boxes) > MOST_PIXELS:
        return (Region(label, whole),), (*notes, f"the {count:,} pieces of {label} are read as one region")
    pieces = tuple(Region(label, _cut(numbers, number, box, whole)) for number, box in enumerate(boxes, start=1))
    return pieces, notes


def regions_of_numbers(numbers: Numbers, label: Label) -> tuple[Region, ...]:
    """One region per number, in the order of the numbers, however many pieces it has.

    Raises:
        BadRegion: so many numbers, or so scattered, that they are no regions.
    """
    painted = numbers != 0
    if not painted.any():
        return ()
    whole = patch_of(painted)
    rows, columns = whole.pixels.shape
    cut = numbers[whole.row : whole.row + rows, whole.column : whole.column + columns]
    told = np.unique(cut)
    told = told[told != 0]
    if len(told) > MOST_PIECES:
        raise BadRegion(f"{len(told):,} numbers are more regions than anybody drew; is it an image of something else?")
    ranks = np.where(whole.pixels, np.searchsorted(told, cut) + 1, 0).astype(np.int32)
    boxes = ndimage.find_objects(ranks)
    if _area(boxes) > MOST_PIXELS:
        raise BadRegion(f"the {len(told):,} numbers lie scattered over all of the image; number each region alone")
    return tuple(
        Region(label, _cut(ranks, rank, box, whole), identifier=str(number))
        for rank, (number, box) in enumerate(zip(told.tolist(), boxes, strict=True), start=1)
    )


Box = tuple[slice, slice]


def _area(boxes: list[Box]) -> int:
    return sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in boxes)


def _cut(numbers: Numbers, number: int, box: Box, whole: MaskPatch) -> MaskPatch:
    rows, columns = box
    return MaskPatch(whole.column + columns.start, whole.row + rows.start, numbers[box] == number)
