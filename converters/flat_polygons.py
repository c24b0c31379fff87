"""Many polygons as one array of vertices, so that numpy and GEOS go through all of them at once."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import is_
from struct import pack

import numpy as np
import shapely
from numpy.typing import NDArray

from converters.regions import Polygon, Vertices

DECIMALS = 7
"""Decimals of a pixel to which vertices count."""

CLOSING = 3
"""Times that a ring's first vertex follows its last: GEOS wants four points even of a ring of one."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FlatPolygons:
    """Polygons whose vertices lie behind one another: the first one's outline, its holes, the next one's outline, ….

    Attributes:
        vertices: `(n, 2)` float64, column and row; a ring's first follows its last CLOSING times.
        lengths: vertices of each ring, the closing ones included.
        rings: rings of each polygon, at least one.
        farthest: the largest coordinate before rounding, by size; NaN if any is.
    """

    vertices: Vertices
    lengths: Integers
    rings: Integers
    farthest: float = 0.0

    @cached_property
    def starts(self) -> Integers:
        """The first vertex of each ring."""
        return self.lengths.cumsum() - self.lengths

    @cached_property
    def first_rings(self) -> Integers:
        """The first ring of each polygon."""
        return self.rings.cumsum() - self.rings

    @cached_property
    def first_vertices(self) -> Integers:
        """The first vertex of each polygon."""
        return self.starts.take(self.first_rings)

    @cached_property
    def low(self) -> Vertices:
        """The least column and row of each polygon, `(polygons, 2)`."""
        return np.minimum.reduceat(self.vertices, self.first_vertices)

    @cached_property
    def high(self) -> Vertices:
        """The greatest column and row of each polygon, `(polygons, 2)`."""
        return np.maximum.reduceat(self.vertices, self.first_vertices)

    @cached_property
    def areas(self) -> NDArray[np.object_]:
        """Each polygon for GEOS; invalid if it is none there, as a ring of two."""
        borders = ([0, *self.lengths.cumsum().tolist()], [0, *self.rings.cumsum().tolist()])
        made: NDArray[np.object_] = shapely.from_ragged_array(shapely.GeometryType.POLYGON, self.vertices, borders)
        return made

    @cached_property
    def simple(self) -> NDArray[np.bool_]:
        """Whether each polygon is one part: nothing crosses, nothing touches, holes are inside."""
        simple: NDArray[np.bool_] = shapely.is_valid(self.areas)
        return simple

    @cached_property
    def sizes(self) -> Integers:
        """Vertices of each polygon."""
        return np.add.reduceat(self.lengths, self.first_rings)

    def edge_ends(self) -> Integers:
        """The vertex to which the edge from each vertex leads; a ring's last vertex leads nowhere but to itself."""
        ends = np.arange(1, len(self.vertices) + 1)
        ends[self.starts + self.lengths - 1] -= 1
        return ends

    def rings_of(self, polygon: int) -> list[Vertices]:
        """The rings of one polygon, open."""
        own = slice(self.first_rings[polygon], self.first_rings[polygon] + self.rings[polygon])
        return [
            self.vertices[start : start + length - CLOSING]
            for start, length in zip(self.starts[own], self.lengths[own], strict=True)
        ]


_at_hand: deque[tuple[tuple[Polygon, ...], FlatPolygons]] = deque(maxlen=1)


def flattened(polygons: Sequence[Polygon], *, keep: bool = False) -> FlatPolygons:
    """The polygons, their vertices rounded to DECIMALS.

    Args:
        polygons: at least one, every ring of at least one vertex.
        keep: have them at hand for the next call with the same ones: who has checked what a file says draws it next.
    """
    for known, flat in tuple(_at_hand):
        if len(known) == len(polygons) and all(map(is_, known, polygons)):
            return flat
    flat = _flattened(polygons)
    if keep:
        _at_hand.append((tuple(polygons), flat))
    return flat


def flattened_rings(rings: Sequence[Vertices], rings_per_polygon: Sequence[int]) -> FlatPolygons:
    """The polygons of open rings as they are; first all rings of the first polygon, and so on."""
    closed = [part for ring in rings for part in (ring, *[ring[:1]] * CLOSING)]
    lengths = np.fromiter(map(len, rings), np.int64, len(rings)) + CLOSING
    return FlatPolygons(np.concatenate(closed), lengths, np.asarray(rings_per_polygon))


def _flattened(polygons: Sequence[Polygon]) -> FlatPolygons:
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.holes)]
    lengths = np.array([len(ring) + CLOSING for ring in rings])
    points = chain.from_iterable(part for ring in rings for part in (ring, (ring[0],) * CLOSING))
    # For thousands of numbers in tuples this is the quickest way into an array.
    numbers = np.frombuffer(pack(f"{2 * lengths.sum()}d", *chain.from_iterable(points)))
    counts = np.array([1 + len(polygon.holes) for polygon in polygons])
    farthest = float(np.abs(numbers).max())
    return FlatPolygons(numbers.round(DECIMALS).reshape(-1, 2), lengths, counts, farthest)
