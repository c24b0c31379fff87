"""Regions → masks, by the pixel-centre even-odd rule.

A pixel belongs to a polygon if its centre does. A centre that lies exactly on an edge belongs to the polygon on its
right (or, on a horizontal edge, below), so that neighbours which share an edge share no pixel and miss none. Vertices
count to 10⁻⁷ pixel: outlines that came through different file formats give the same mask.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from converters.errors import BadRegion
from converters.regions import LABELS, Label, Mask, MaskPatch, Polygon, Region, Ring

DECIMALS = 7
"""Decimals of a pixel to which vertices count."""

CROSSING_DECIMALS = 10
"""Decimals of a pixel to which an edge's place on a row counts."""

NO_AREA = 1e-9
"""Square pixels below which a part is rounding, not a drawing."""

FARTHEST = 1e6
"""Pixels from the origin beyond which no outline of an image lies."""

Shape = tuple[int, int]
"""`(rows, columns)` of the image."""

Vertices = NDArray[np.float64]
"""`(n, 2)`, column and row, ring open."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What the regions of one image cover.

    Attributes:
        masks: per label, `(rows, columns)` bool, as drawn (they may overlap); both labels are always present.
        overlap_pixels: pixels that both labels claim.
        one_pixel_parts: parts with area that cover no pixel centre and became one pixel.
        clipped_parts: regions that reach beyond the image.
    """

    masks: dict[Label, Mask]
    overlap_pixels: int
    one_pixel_parts: int
    clipped_parts: int

    def disjoint(self) -> dict[Label, Mask]:
        """The masks as they count: where labels overlap the bladder wins."""
        bladder = self.masks["bladder"]
        return {label: mask if label == "bladder" else mask & ~bladder for label, mask in self.masks.items()}


@dataclass(frozen=True, eq=False)
class _Patch:
    """Pixels of one region: bool, top-left pixel at `(top, left)`, wholly inside the image."""

    top: int
    left: int
    pixels: Mask
    one_pixel_parts: int = 0
    clipped: bool = False


def draw(regions: Iterable[Region], shape: Shape) -> Drawing:
    """Rasterise regions on an image of `shape` `(rows, columns)`; regions of one label unite.

    Raises:
        BadRegion: a coordinate is not a finite number, or absurdly far.
    """
    masks: dict[Label, Mask] = {label: np.zeros(shape, bool) for label in LABELS}
    one_pixel_parts = clipped_parts = 0
    for region in regions:
        patch = _patch(region.shape, shape)
        rows, columns = patch.pixels.shape
        masks[region.label][patch.top : patch.top + rows, patch.left : patch.left + columns] |= patch.pixels
        one_pixel_parts += patch.one_pixel_parts
        clipped_parts += patch.clipped
    overlap = int(np.count_nonzero(masks["metastasis"] & masks["bladder"]))
    return Drawing(masks, overlap, one_pixel_parts, clipped_parts)


def _patch(drawn: Polygon | MaskPatch, shape: Shape) -> _Patch:
    return _painted(drawn, shape) if isinstance(drawn, MaskPatch) else _outlined(drawn, shape)


def _painted(patch: MaskPatch, shape: Shape) -> _Patch:
    rows, columns = patch.pixels.shape
    top, left = min(max(patch.row, 0), shape[0]), min(max(patch.column, 0), shape[1])
    bottom, right = min(max(patch.row + rows, top), shape[0]), min(max(patch.column + columns, left), shape[1])
    inside = patch.pixels[top - patch.row : bottom - patch.row, left - patch.column : right - patch.column]
    clipped = np.count_nonzero(inside) < np.count_nonzero(patch.pixels)
    return _Patch(top, left, inside.astype(bool), clipped=bool(clipped))


def _outlined(polygon: Polygon, shape: Shape) -> _Patch:
    rings = [_snapped(ring) for ring in (polygon.exterior, *polygon.holes)]
    vertices = np.concatenate(rings)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    frame = np.array([shape[1], shape[0]])
    left, top = np.clip(np.floor(low), 0, frame).astype(int)
    right, bottom = np.clip(np.ceil(high), 0, frame).astype(int)
    pixels = _fill(rings, (top, bottom), (left, right))
    single = [] if pixels.any() and _is_one_part(rings) else _pixels_of_coreless_parts(rings, shape)
    for column, row in single:
        pixels[row - top, column - left] = True
    return _Patch(int(top), int(left), pixels, len(single), bool((low < 0).any() or (high > frame).any()))


def _snapped(ring: Ring) -> Vertices:
    vertices = np.round(np.asarray(ring, np.float64).reshape(-1, 2), DECIMALS)
    if not (np.abs(vertices) < FARTHEST).all():
        raise BadRegion(f"a coordinate is not a number below {FARTHEST:,.0f}; redraw the outline")
    return vertices


def _fill(rings: Iterable[Vertices], rows: tuple[int, int], columns: tuple[int, int]) -> Mask:
    """Even-odd fill of the window `rows` × `columns` (half-open ranges): a pixel is in if an odd number of edges
    crosses its centre line at or left of the centre.
    """
    (top, bottom), (left, right) = rows, columns
    starts = np.concatenate(list(rings))
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    upper_first = (starts[:, 1] < ends[:, 1])[:, None]
    (x0, y0), (x1, y1) = np.where(upper_first, starts, ends).T, np.where(upper_first, ends, starts).T
    first = np.clip(np.ceil(y0 - 0.5), top, bottom).astype(np.int64)
    crossed = np.clip(np.ceil(y1 - 0.5), top, bottom).astype(np.int64) - first
    edge = np.repeat(np.arange(len(crossed)), crossed)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed, crossed) + first[edge]
    crossing = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    # Rounding takes the arithmetic's last digits away, so that a centre on a slanted edge is on it exactly.
    column = np.clip(np.ceil(np.round(crossing, CROSSING_DECIMALS) - 0.5), left, right).astype(np.int64)
    width = right - left + 1
    crossings = np.bincount((row - top) * width + column - left, minlength=(bottom - top) * width)
    parity: NDArray[np.int64] = np.cumsum(crossings.reshape(bottom - top, width), axis=1) & 1
    return parity[:, :-1].astype(bool)


def _is_one_part(rings: list[Vertices]) -> bool:
    return min(map(len, rings)) >= 3 and bool(shapely.Polygon(rings[0], rings[1:]).is_valid)


def parts_of(rings: list[Vertices]) -> list[shapely.Polygon]:
    """The separate polygons that rings enclose by the even-odd rule, crossings and overlaps resolved."""
    borders = shapely.union_all([shapely.linestrings(np.vstack([ring, ring[:1]])) for ring in rings])
    faces = shapely.get_parts(shapely.polygonize([borders]))
    enclosed = faces[_enclosed(rings, shapely.get_coordinates(shapely.point_on_surface(faces)))]
    return [part for part in shapely.get_parts(shapely.union_all(enclosed)) if part.area > NO_AREA]


def _enclosed(rings: list[Vertices], points: Vertices) -> NDArray[np.bool_]:
    """Which of the points the rings enclose by the even-odd rule; no point lies on a ring."""
    x0, y0 = np.concatenate(rings).T
    x1, y1 = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]).T
    x, y = points[:, :1], points[:, 1:]
    beside = (y0 <= y) != (y1 <= y)
    slope = (x1 - x0) / np.where(y1 == y0, 1, y1 - y0)
    crossings = np.count_nonzero(beside & (x0 + (y - y0) * slope <= x), axis=1)
    return np.asarray(crossings % 2 == 1)


def _pixels_of_coreless_parts(rings: list[Vertices], shape: Shape) -> list[tuple[int, int]]:
    """`(column, row)` of the one pixel of each part that has area inside the image and covers no centre there."""
    rows, columns = shape
    frame = shapely.box(0, 0, columns, rows)
    chosen = []
    for part in parts_of(rings):
        inside = part.intersection(frame)
        if inside.area > NO_AREA and not _covers_a_centre(part, shape):
            point = inside.representative_point()
            chosen.append((min(int(point.x), columns - 1), min(int(point.y), rows - 1)))
    return chosen


def _covers_a_centre(part: shapely.Polygon, shape: Shape) -> bool:
    rings = [shapely.get_coordinates(ring)[:-1] for ring in (part.exterior, *part.interiors)]
    left, top, right, bottom = (int(bound) for bound in (*np.floor(part.bounds[:2]), *np.ceil(part.bounds[2:])))
    rows = np.clip([top, bottom], 0, shape[0])
    columns = np.clip([left, right], 0, shape[1])
    return bool(_fill(rings, (int(rows[0]), int(rows[1])), (int(columns[0]), int(columns[1]))).any())
