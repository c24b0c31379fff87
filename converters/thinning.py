"""Outlines with fewer points that still draw nearly the same pixels."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from converters.rasterise import Shape, draw
from converters.regions import Mask, Polygon, Region
from converters.scanline import fill

SMALL_PIXELS = 50
DICE_FLOOR = 0.95
DICE_FLOOR_SMALL = 0.90
"""A thinned outline keeps at least this Dice with the original; the lower floor is for fewer than SMALL_PIXELS."""

TOLERANCES = (0.0, *(0.25 * 2 ** (step / 8) for step in range(48)))
"""Pixels by which a thinned outline may leave the original."""

RAGGED = 10
"""An outline that keeps more than this many times the points that are wanted is not worth thinning."""

Vertices = NDArray[np.float64]
"""`(n, 2)`, column and row, ring open."""


def thinned(polygon: Polygon, shape: Shape, max_points: int) -> Polygon | None:
    """The polygon moved by as little as leaves at most `max_points` points (a hole counts two more).

    Where the Dice floor does not let it go so far: as far as it lets; None where that is no help.
    """
    outline = _Outline(polygon, shape)
    enough = bisect_left(range(len(TOLERANCES)), True, key=lambda step: outline.points(step) <= max_points)
    farthest = min(enough, len(TOLERANCES) - 1)
    if not outline.keeps_its_fill(farthest):
        farthest = bisect_left(range(farthest), True, key=lambda step: not outline.keeps_its_fill(step)) - 1
    for step in range(farthest, -1, -1):
        if outline.points(step) > RAGGED * max_points:
            return None
        if outline.keeps_its_mask(step):
            return outline.polygon(step)
    return None


class _Outline:
    """A polygon at each of the TOLERANCES, and the pixels that it covers in its own window of the image."""

    def __init__(self, polygon: Polygon, shape: Shape) -> None:
        rings = [np.asarray(ring, np.float64) for ring in (polygon.exterior, *polygon.holes)]
        halves = [half for ring in rings for half in _halves(ring)]
        lengths = [len(half) for half in halves]
        vertices = np.concatenate(halves)
        self._halves = shapely.linestrings(vertices, indices=np.repeat(np.arange(len(halves)), lengths))
        frame = (shape[1], shape[0])
        self._corner = np.clip(np.floor(vertices.min(axis=0)), 0, frame)
        columns, rows = (np.clip(np.ceil(vertices.max(axis=0)), 0, frame) - self._corner).astype(int).tolist()
        self._window = (rows, columns)
        self._rings = rings
        self._rings_at = cache(self._thin)

    def points(self, step: int) -> int:
        rings = self._rings_at(step)
        return sum(map(len, rings)) + 2 * (len(rings) - 1)

    def polygon(self, step: int) -> Polygon:
        return _polygon(self._rings_at(step))

    def keeps_its_fill(self, step: int) -> bool:
        """Whether the Dice floor holds as far as whole parts of the outline are concerned; quick."""
        return _is_alike(self._filled(self._rings_at(step)), self._fill)

    def keeps_its_mask(self, step: int) -> bool:
        """Whether the Dice floor holds for what is drawn, the pixels of parts too small for a pixel centre included."""
        return _is_alike(self._drawn(self._rings_at(step)), self._mask)

    @cached_property
    def _fill(self) -> Mask:
        return self._filled(self._rings)

    @cached_property
    def _mask(self) -> Mask:
        return self._drawn(self._rings)

    def _thin(self, step: int) -> list[Vertices]:
        """Each half thinned after Douglas and Peucker; holes that keep no three points are gone."""
        vertices, half = shapely.get_coordinates(
            shapely.simplify(self._halves, TOLERANCES[step], preserve_topology=False), return_index=True
        )
        # The last point of each half is the first of the next.
        is_last = np.append(half[1:] != half[:-1], True)
        vertices, ring = vertices[~is_last], half[~is_last] // 2
        outline, *holes = np.split(vertices, np.flatnonzero(np.diff(ring)) + 1)
        return [outline, *(hole for hole in holes if len(hole) >= 3)]

    def _filled(self, rings: Sequence[Vertices]) -> Mask:
        pixels = np.zeros(self._window, bool)
        (filled,) = fill([ring - self._corner for ring in rings], [len(rings)], self._window)
        rows, columns = filled.pixels.shape
        pixels[filled.top : filled.top + rows, filled.left : filled.left + columns] = filled.pixels
        return pixels

    def _drawn(self, rings: Sequence[Vertices]) -> Mask:
        moved = _polygon([ring - self._corner for ring in rings])
        return draw([Region("metastasis", moved)], self._window).masks["metastasis"]


def _halves(ring: Vertices) -> tuple[Vertices, Vertices]:
    """The ring cut at its first point and at the farthest from it."""
    far = max(1, int(np.argmax(np.square(ring - ring[0]).sum(axis=1))))
    return ring[: far + 1], np.vstack([ring[far:], ring[:1]])


def _polygon(rings: Sequence[Vertices]) -> Polygon:
    outline, *holes = (tuple(zip(*ring.T.tolist(), strict=True)) for ring in rings)
    return Polygon(outline, tuple(holes))


def _is_alike(mask: Mask, original: Mask) -> bool:
    size = np.count_nonzero(original)
    floor = DICE_FLOOR if size >= SMALL_PIXELS else DICE_FLOOR_SMALL
    return 2 * np.count_nonzero(mask & original) >= floor * (size + np.count_nonzero(mask))
