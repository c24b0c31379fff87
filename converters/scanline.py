"""Even-odd filling of many polygons at once: a pixel is in if an odd number of edges crosses its centre line at or
left of the centre. Only crossings and their parity along a row count, so holes and self-crossings need no care.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.regions import Vertices

CROSSING_DECIMALS = 10
"""Decimals of a pixel to which an edge's place on a row counts."""

CELLS_AT_ONCE = 2**22
"""Pixels, and crossings of edges with rows, that are worked on at a time."""

Integers = NDArray[np.int64]
Bound = Integers | int | tuple[int, int]


class Window(NamedTuple):
    """Pixels of one shape: `(rows, columns)` bool, its top-left pixel at `(top, left)`, wholly inside the image.

    `has_pixels` says whether any is set.
    """

    top: int
    left: int
    pixels: NDArray[np.bool_]
    has_pixels: bool


@dataclass(frozen=True, eq=False)
class _Windows:
    """Where each polygon can have pixels; its cells, one more per row than pixels, lie behind one another."""

    top: Integers
    left: Integers
    bottom: Integers
    right: Integers

    @property
    def width(self) -> Integers:
        return self.right - self.left + 1

    @property
    def cells(self) -> Integers:
        return (self.bottom - self.top) * self.width


def fill(rings: Sequence[Vertices], rings_per_polygon: Sequence[int], shape: tuple[int, int]) -> list[Window]:
    """The pixels of each polygon on an image of `shape` `(rows, columns)`.

    Args:
        rings: `(n, 2)` vertices each, column and row, open; first all rings of the first polygon, and so on.
        rings_per_polygon: how many of the rings belong to each polygon; each has at least one vertex.
    """
    starts = np.concatenate(rings) if len(rings) > 1 else rings[0]
    ends, first_vertices, polygons = _edges(starts, rings, rings_per_polygon)
    windows = _windows_of(starts, first_vertices, shape)
    filled: list[Window] = []
    for low, high in _batches(windows.cells):
        edges = slice(*np.searchsorted(polygons, [low, high])) if high - low < len(first_vertices) else slice(None)
        filled += _filled(starts[edges], ends[edges], polygons[edges] - low, _part(windows, low, high))
    return filled


def _edges(
    starts: Vertices, rings: Sequence[Vertices], rings_per_polygon: Sequence[int]
) -> tuple[Vertices, Integers, Integers]:
    """Where each edge ends, the first vertex of each polygon, and the polygon of each edge."""
    lengths = np.fromiter(map(len, rings), np.int64, len(rings))
    beyond = np.cumsum(lengths)
    following = np.arange(1, len(starts) + 1)
    following[beyond - 1] = beyond - lengths
    first_rings = np.cumsum(rings_per_polygon) - rings_per_polygon
    first_vertices = (beyond - lengths)[first_rings]
    sizes = np.diff(np.append(first_vertices, len(starts)))
    return starts[following], first_vertices, np.repeat(np.arange(len(first_vertices)), sizes)


def _windows_of(vertices: Vertices, first_vertices: Integers, shape: tuple[int, int]) -> _Windows:
    low = np.floor(np.minimum.reduceat(vertices, first_vertices))
    high = np.ceil(np.maximum.reduceat(vertices, first_vertices))
    frame = (shape[1], shape[0])
    (left, top), (right, bottom) = _clipped(low, 0, frame).T, _clipped(high, 0, frame).T
    return _Windows(top, left, bottom, right)


def _batches(cells: Integers) -> Iterator[tuple[int, int]]:
    """Ranges of polygons that have about CELLS_AT_ONCE cells together."""
    if int(cells.sum()) <= CELLS_AT_ONCE:
        yield 0, len(cells)
        return
    marks = np.cumsum(cells) // CELLS_AT_ONCE
    borders = [0, *(np.flatnonzero(np.diff(marks)) + 1).tolist(), len(cells)]
    yield from pairwise(borders)


def _part(windows: _Windows, low: int, high: int) -> _Windows:
    return _Windows(windows.top[low:high], windows.left[low:high], windows.bottom[low:high], windows.right[low:high])


def _filled(starts: Vertices, ends: Vertices, polygons: Integers, windows: _Windows) -> list[Window]:
    cells, width = windows.cells, windows.width
    offsets = np.cumsum(cells) - cells
    total = int(cells.sum())
    crossings = np.zeros(total, np.int64)
    for place in _crossings(starts, ends, polygons, windows, offsets):
        crossings += np.bincount(place, minlength=total)
    # A ring crosses each row an even number of times, so the parity is back at even at the end of every row.
    inside = (np.cumsum(crossings) & 1).astype(bool)
    has_pixels = np.logical_or.reduceat(np.append(inside, False), offsets) & (cells > 0)
    columns = (windows.top, windows.left, offsets, cells, width, has_pixels)
    return [
        Window(top, left, inside[offset : offset + size].reshape(-1, wide)[:, :-1], some)
        for top, left, offset, size, wide, some in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _crossings(
    starts: Vertices, ends: Vertices, polygons: Integers, windows: _Windows, offsets: Integers
) -> Iterator[Integers]:
    """The cells of the first centres at or right of each crossing of an edge with a row's centre line."""
    upper_first = (starts[:, 1] < ends[:, 1])[:, None]
    (x0, y0), (x1, y1) = np.where(upper_first, starts, ends).T, np.where(upper_first, ends, starts).T
    top, bottom = windows.top[polygons], windows.bottom[polygons]
    first = _clipped(np.ceil(y0 - 0.5), top, bottom)
    crossed = _clipped(np.ceil(y1 - 0.5), top, bottom) - first
    for low, high in _batches(crossed):
        count = crossed[low:high]
        edge = np.repeat(np.arange(low, high), count)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        crossing = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
        # Rounding takes the arithmetic's last digits away, so that a centre on a slanted edge is on it exactly.
        column = np.ceil(np.round(crossing, CROSSING_DECIMALS) - 0.5)
        polygon = polygons[edge]
        left = windows.left[polygon]
        place = _clipped(column, left, windows.right[polygon]) - left
        yield offsets[polygon] + (row - windows.top[polygon]) * windows.width[polygon] + place


def _clipped(numbers: NDArray[np.float64], low: Bound, high: Bound) -> Integers:
    """Whole numbers within bounds; numpy's own `clip` takes longer than all the rest for a few outlines."""
    clipped: Integers = np.minimum(np.maximum(numbers, low), high).astype(np.int64)
    return clipped
