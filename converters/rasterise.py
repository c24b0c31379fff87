"""Regions → masks, by the pixel-centre even-odd rule.

A pixel belongs to a polygon if its centre does. A centre that lies exactly on an edge belongs to the polygon on its
right (or, on a horizontal edge, below), so that neighbours which share an edge share no pixel and miss none. Vertices
count to 10⁻⁷ pixel: outlines that came through different file formats give the same mask.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from converters.errors import BadRegion
from converters.flat_polygons import flattened
from converters.limits import FARTHEST
from converters.parts import pixels_of_coreless_parts
from converters.regions import LABELS, Label, Mask, MaskPatch, Polygon, Region, Vertices
from converters.scanline import Window, fill_flat

Shape = tuple[int, int]
"""`(rows, columns)` of the image."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What the regions of one image cover.

    Attributes:
        masks: per label, `(rows, columns)` bool, as drawn (they may overlap); both labels are always present.
        windows: the pixels of each region, in the order of the regions.
        overlap_pixels: pixels that both labels claim.
        one_pixel_parts: parts with area that cover no pixel centre and became one pixel.
        clipped_parts: regions that reach beyond the image.
        crossing_outlines: regions whose outline crosses or touches itself, resolved by the even-odd rule.
    """

    masks: dict[Label, Mask]
    windows: tuple[Window, ...]
    overlap_pixels: int
    one_pixel_parts: int
    clipped_parts: int
    crossing_outlines: int

    def disjoint(self) -> dict[Label, Mask]:
        """The masks as they count: where labels overlap the bladder wins. Where nothing overlaps, the same arrays."""
        if not self.overlap_pixels:
            return dict(self.masks)
        bladder = self.masks["bladder"]
        return {label: mask if label == "bladder" else mask & ~bladder for label, mask in self.masks.items()}


class _Drawn(NamedTuple):
    """One region's pixels and what had to be done for them."""

    window: Window
    one_pixel_parts: int = 0
    clipped: bool = False
    crossing: bool = False


def draw(regions: Iterable[Region], shape: Shape) -> Drawing:
    """Rasterise regions on an image of `shape` `(rows, columns)`; regions of one label unite.

    Raises:
        BadRegion: a coordinate is not a finite number or absurdly far, or an outline crosses itself without end.
    """
    listed = tuple(regions)
    masks: dict[Label, Mask] = {label: np.zeros(shape, bool) for label in LABELS}
    polygons = iter(_outlined([one.shape for one in listed if isinstance(one.shape, Polygon)], shape))
    drawn = [_painted(one.shape, shape) if isinstance(one.shape, MaskPatch) else next(polygons) for one in listed]
    for region, one in zip(listed, drawn, strict=True):
        _unite(masks[region.label], one.window)
    return Drawing(
        masks,
        windows=tuple(one.window for one in drawn),
        overlap_pixels=_overlap(
            masks, [one.window for region, one in zip(listed, drawn, strict=True) if region.label == "bladder"]
        ),
        one_pixel_parts=sum(one.one_pixel_parts for one in drawn),
        clipped_parts=sum(one.clipped for one in drawn),
        crossing_outlines=sum(one.crossing for one in drawn),
    )


def _unite(mask: Mask, window: Window) -> None:
    rows, columns = window.pixels.shape
    under = mask[window.top : window.top + rows, window.left : window.left + columns]
    under |= window.pixels


def _overlap(masks: dict[Label, Mask], bladder: Sequence[Window]) -> int:
    """Pixels that both labels claim, looked for in the rows that the bladder's windows span."""
    if not bladder:
        return 0
    rows = slice(min(one.top for one in bladder), max(one.top + len(one.pixels) for one in bladder))
    return int(np.count_nonzero(masks["metastasis"][rows] & masks["bladder"][rows]))


def _painted(patch: MaskPatch, shape: Shape) -> _Drawn:
    rows, columns = patch.pixels.shape
    top, left = min(max(patch.row, 0), shape[0]), min(max(patch.column, 0), shape[1])
    bottom, right = min(max(patch.row + rows, top), shape[0]), min(max(patch.column + columns, left), shape[1])
    inside = patch.pixels[top - patch.row : bottom - patch.row, left - patch.column : right - patch.column]
    clipped = np.count_nonzero(inside) < np.count_nonzero(patch.pixels)
    return _Drawn(Window(top, left, inside.astype(bool), bool(inside.any())), clipped=bool(clipped))


def _outlined(polygons: Sequence[Polygon], shape: Shape) -> list[_Drawn]:
    if not polygons:
        return []
    flat = flattened(polygons)
    if not flat.farthest < FARTHEST:
        raise BadRegion(f"a coordinate is not a number below {FARTHEST:,.0f}; redraw the outline")
    outside = (flat.low < 0) | (flat.high > (shape[1], shape[0]))
    beyond = (outside[:, 0] | outside[:, 1]).tolist()
    told = zip(fill_flat(flat, shape), beyond, flat.simple.tolist(), strict=True)
    drawn = [_Drawn(window, clipped=reaches, crossing=not is_simple) for window, reaches, is_simple in told]
    for index, one in enumerate(drawn):
        if one.crossing or not one.window.has_pixels:
            drawn[index] = _with_coreless_parts(one, flat.rings_of(index), shape)
    return drawn


def _with_coreless_parts(one: _Drawn, rings: list[Vertices], shape: Shape) -> _Drawn:
    """With the pixels of parts that cover no centre, which lie in the window's frame."""
    single = pixels_of_coreless_parts(rings, shape)
    pixels = one.window.pixels
    for column, row in single:
        pixels[row - one.window.top, column - one.window.left] = True
    window = one.window._replace(has_pixels=one.window.has_pixels or bool(single))
    return one._replace(window=window, one_pixel_parts=len(single))
