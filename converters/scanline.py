"""Even-odd filling of many polygons at once: a pixel is in if an odd number of edges crosses its centre line at or
left of the centre. Only crossings and their parity along a row count, so holes and self-crossings need no care.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise
from operator import ixor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.flat_polygons import FlatPolygons, Integers, flattened_rings
from converters.regions import Vertices

CROSSING_DECIMALS = 10
"""Decimals of a pixel to which an edge's place on a row counts."""

CELLS_AT_ONCE = 2**20
"""Pixels, and crossings of edges with rows, that are worked on at a time."""

Numbers = NDArray[np.float64]
"""Of each polygon, edge or crossing; most are whole, and floats so that they lie in one table with those that are not.
"""


class Window(NamedTuple):
    """Pixels of one shape: `(rows, columns)` bool, its top-left pixel at `(top, left)`, wholly inside the image.

    `has_pixels` says whether any is set.
    """

    top: int
    left: int
    pixels: NDArray[np.bool_]
    has_pixels: bool


class _Windows(NamedTuple):
    """Where each polygon can have pixels; its cells, one more per row than pixels, lie behind one another."""

    left: Integers
    top: Integers
    right: Integers
    bottom: Integers
    width: Integers
    cells: Integers


def fill(rings: Sequence[Vertices], rings_per_polygon: Sequence[int], shape: tuple[int, int]) -> list[Window]:
    """The pixels of each polygon on an image of `shape` `(rows, columns)`.

    Args:
        rings: `(n, 2)` vertices each, column and row, open; first all rings of the first polygon, and so on.
        rings_per_polygon: how many of the rings belong to each polygon; each has at least one vertex.
    """
    return fill_flat(flattened_rings(rings, rings_per_polygon), shape)


def fill_flat(polygons: FlatPolygons, shape: tuple[int, int]) -> list[Window]:
    """The pixels of each polygon on an image of `shape` `(rows, columns)`."""
    windows, edges = _windows_of(polygons, shape), _edges_of(polygons)
    filled: list[Window] = []
    for low, high in _batches(windows.cells):
        sizes = polygons.sizes[low:high]
        first = polygons.first_vertices[low]
        own = _Windows(*[column[low:high] for column in windows])
        filled += _filled(edges[:, first : first + sizes.sum()], sizes, own)
    return filled


def _windows_of(polygons: FlatPolygons, shape: tuple[int, int]) -> _Windows:
    frame = (shape[1], shape[0])
    left, top = _clipped(np.floor(polygons.low), 0, frame).astype(np.int64).T
    right, bottom = _clipped(np.ceil(polygons.high), 0, frame).astype(np.int64).T
    width = right - left + 1
    return _Windows(left, top, right, bottom, width, (bottom - top) * width)


def _edges_of(polygons: FlatPolygons) -> Numbers:
    """`(4, n)`: column and row of each edge's upper end, and of its lower end."""
    starts, ends = np.arange(len(polygons.vertices)), polygons.edge_ends()
    columns, rows = polygons.vertices.T
    downwards = rows < rows.take(ends)
    upper, lower = np.where(downwards, starts, ends), np.where(downwards, ends, starts)
    return np.array([columns.take(upper), rows.take(upper), columns.take(lower), rows.take(lower)])


def _batches(cells: Integers) -> Iterator[tuple[int, int]]:
    """Ranges of polygons, or of edges, that have about CELLS_AT_ONCE cells together."""
    if int(cells.sum()) <= CELLS_AT_ONCE:
        yield 0, len(cells)
        return
    marks = cells.cumsum() // CELLS_AT_ONCE
    borders = [0, *(np.flatnonzero(np.diff(marks)) + 1).tolist(), len(cells)]
    yield from pairwise(borders)


def _filled(edges: Numbers, sizes: Integers, windows: _Windows) -> list[Window]:
    offsets = windows.cells.cumsum() - windows.cells
    # One cell more, so that a last polygon without any has an offset too.
    cells = int(windows.cells.sum()) + 1
    inside = reduce(ixor, (_odd(places, cells) for places in _crossings(edges, sizes, windows, offsets)))
    has_pixels = np.logical_or.reduceat(inside, offsets) & (windows.cells > 0)
    columns = (windows.top, windows.left, offsets, windows.cells, windows.width, has_pixels)
    return [
        Window(top, left, inside[offset : offset + count].reshape(-1, width)[:, :-1], some)
        for top, left, offset, count, width, some in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _crossings(edges: Numbers, sizes: Integers, windows: _Windows, offsets: Integers) -> Iterator[Integers]:
    """The cells of the first centres at or right of each crossing of an edge with a row's centre line."""
    corners = offsets - windows.top * windows.width - windows.left
    own = np.array([windows.top, windows.bottom, windows.left, windows.right, windows.width, corners], np.float64)
    top, bottom, *across = own.repeat(sizes, axis=1)
    first, beyond = _clipped(np.ceil(edges[1::2] - 0.5), top, bottom)
    crossed = (beyond - first).astype(np.int64)
    told = np.array([*edges[:2], *(edges[2:] - edges[:2]), first, *across])
    for low, high in _batches(crossed):
        yield _places(told[:, low:high], crossed[low:high])


def _places(edges: Numbers, crossed: Integers) -> Integers:
    edge = np.arange(len(crossed)).repeat(crossed)
    x, y, across, down, first, left, right, width, corner = edges.take(edge, axis=1)
    row = np.arange(len(edge)) - (crossed.cumsum() - crossed).take(edge) + first
    crossing = x + (row + 0.5 - y) * across / down
    # Rounding takes the arithmetic's last digits away, so that a centre on a slanted edge is on it exactly.
    column = _clipped(np.ceil(crossing.round(CROSSING_DECIMALS) - 0.5), left, right)
    places: Integers = (corner + row * width + column).astype(np.int64)
    return places


def _odd(places: Integers, cells: int) -> NDArray[np.bool_]:
    """For each cell, whether an odd number of the places is at or before it.

    A ring crosses each row an even number of times, so that the parity is back at even at the end of every row.
    """
    if len(places) > cells:
        return np.asarray(np.bincount(places, minlength=cells).cumsum() % 2 == 1)
    borders = np.concatenate([[0], np.sort(places), [cells]])
    odd = np.zeros(len(borders) - 1, bool)
    odd[1::2] = True
    return odd.repeat(borders[1:] - borders[:-1])


def _clipped(numbers: Numbers, low: Numbers | int, high: Numbers | tuple[int, ...]) -> Numbers:
    """Numpy's own `clip` takes longer than all the rest for a few outlines."""
    clipped: Numbers = np.minimum(np.maximum(numbers, low), high)
    return clipped
