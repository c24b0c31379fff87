"""Mask → outlines along pixel borders, exact, each corner once.

A crack is a border between two neighbours in a row of which one is foreground. Cracks below one another with the
foreground on the same side form a run, which ends in two corners of an outline. Along a grid line the first corner is
joined to the second, the third to the fourth, and so on. Runs followed with the foreground on the right are the rings.
Where pixels touch by a corner only, two corners lie in one place; their order decides that the foreground stays joined.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.regions import Mask, Point, Polygon, Ring
from converters.sparse import places, steps

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

ENDS = 255
"""How a byte differs from the one before it where the foreground ends."""


class _Pixels(NamedTuple):
    """Rows of a mask whose first and last row and column are background.

    Attributes:
        flat: uint8, 0 or 1, row after row.
        width: pixels from one row to the next.
        column, row: where the first pixel lies in the mask.
    """

    flat: NDArray[np.uint8]
    width: int
    column: int
    row: int


class _Cracks(NamedTuple):
    """Cracks, row by row.

    Attributes:
        places: `row * width + column` of the pixel on the right.
        width: pixels from one row to the next.
        falls: whether the foreground is on the left, so that the outline goes down.
        begins, breaks: whether a run begins here, or breaks off below.
    """

    places: Integers
    width: int
    falls: Flags
    begins: Flags
    breaks: Flags


class _Runs(NamedTuple):
    """Runs, ordered by their upper corners, row by row.

    Attributes:
        columns, tops, bottoms: of their two corners, on the grid of pixel corners.
        falls: whether they are followed downwards.
        following: which run the outline goes on with.
        by_column: the runs from left to right, and downwards within one column.
    """

    columns: Integers
    tops: Integers
    bottoms: Integers
    falls: Flags
    following: Integers
    by_column: Integers


class _Walk(NamedTuple):
    """Runs in the order in which the outlines pass them, ring after ring.

    Attributes:
        begins: where in `runs` each ring begins, with its uppermost run.
        holes: which rings are holes.
    """

    runs: Integers
    begins: list[int]
    holes: list[int]


def outlines(mask: Mask, column: int = 0, row: int = 0) -> tuple[Polygon, ...]:
    """One polygon with holes per 8-connected component of a `(rows, columns)` bool mask, topmost first.

    Outlines go clockwise on the screen, holes the other way round.

    Args:
        column, row: where the mask's top-left pixel lies in the image.
    """
    pixels = _framed(np.asarray(mask, bool))
    if pixels is None:
        return ()
    cracks = _cracks(pixels)
    runs = _runs(cracks)
    walk = _walk(runs)
    rings = _rings(runs, walk, column + pixels.column, row + pixels.row)
    if not walk.holes:
        return tuple([Polygon(ring) for ring in rings])
    holes: dict[int, list[Ring]] = {}
    for ring, owner in enumerate(_owners(cracks, runs, walk)):
        if ring == owner:
            holes[ring] = []
        else:
            holes[owner].append(rings[ring])
    return tuple([Polygon(rings[ring], tuple(inside)) for ring, inside in holes.items()])


def _framed(mask: Mask) -> _Pixels | None:
    """The rows that have foreground, with background around; None without any."""
    packed = mask.tobytes()
    first = packed.find(1)
    if first < 0:
        return None
    width = mask.shape[1]
    top, bottom = first // width, packed.rfind(1) // width + 1
    begin, end = top * width, bottom * width
    first_column, last_column = packed[begin:end:width], packed[begin + width - 1 : end : width]
    if top > 0 and bottom < len(mask) and 1 not in first_column and 1 not in last_column:
        return _Pixels(np.frombuffer(packed, np.uint8)[begin - width : end + width], width, 0, top - 1)
    framed = np.zeros((bottom - top + 2, width + 2), np.uint8)
    framed[1:-1, 1:-1] = mask[top:bottom].view(np.uint8)
    return _Pixels(framed.ravel(), width + 2, -1, top - 1)


def _cracks(pixels: _Pixels) -> _Cracks:
    width = pixels.width
    stepped = steps(pixels.flat)
    found = places(stepped)
    here = stepped[found]
    return _Cracks(found, width, here == ENDS, stepped[found - width] != here, stepped[found + width] != here)


def _runs(cracks: _Cracks) -> _Runs:
    first, last = cracks.begins.nonzero()[0], cracks.breaks.nonzero()[0]
    count = len(first)
    ends = np.concatenate([first, last])
    corners, falls = cracks.places[ends], cracks.falls[ends]
    corners[count:] += cracks.width
    rows = corners // cracks.width
    columns = corners - rows * cracks.width
    # Within a column upper and lower corners alternate, so the n-th of the one belongs to the n-th of the other.
    by_column = _by_column(columns[:count], cracks.width)
    run = np.empty(2 * count, np.int64)
    run[:count] = np.arange(count)
    run[count:][_by_column(columns[count:], cracks.width)] = by_column
    bottoms = np.empty(count, np.int64)
    bottoms[run[count:]] = rows[count:]
    # Of two corners in one place, the one that belongs to a falling run comes second.
    along = (2 * corners + falls).argsort(kind="stable")
    leaves = falls.copy()
    leaves[:count] ^= True
    run, leaves = run[along], leaves[along]
    following = np.empty(count, np.int64)
    following[run[leaves]] = run[~leaves]
    return _Runs(columns[:count], rows[:count], bottoms, falls[:count], following, by_column)


def _by_column(columns: Integers, width: int) -> Integers:
    """The stable order by column; numpy sorts 16-bit numbers in linear time."""
    short = columns.astype(np.uint16) if width < 2**16 else columns
    return short.argsort(kind="stable")


def _walk(runs: _Runs) -> _Walk:
    following = runs.following.tolist()
    walked = bytearray(len(following))
    order: list[int] = []
    begins: list[int] = []
    holes: list[int] = []
    falls = runs.falls.tolist()
    first = 0
    while first >= 0:
        # Its uppermost run is on the left of what the ring encloses: foreground, or a hole.
        if falls[first]:
            holes.append(len(begins))
        begins.append(len(order))
        order.append(first)
        walked[first] = 1
        run = following[first]
        while run != first:
            order.append(run)
            walked[run] = 1
            run = following[run]
        first = walked.find(0, first)
    return _Walk(np.fromiter(order, np.int64, len(order)), begins, holes)


def _rings(runs: _Runs, walk: _Walk, column: int, row: int) -> list[Ring]:
    """Each run gives two corners: where it ends, and where along the grid line the following one starts."""
    order = walk.runs
    columns = runs.columns + float(column)
    rows = (np.where(runs.falls, runs.bottoms, runs.tops) + float(row))[order].tolist()
    corners: list[Point] = [(0.0, 0.0)] * (2 * len(rows))
    corners[::2] = zip(columns[order].tolist(), rows, strict=True)
    corners[1::2] = zip(columns[runs.following[order]].tolist(), rows, strict=True)
    return [tuple(corners[2 * begin : 2 * end]) for begin, end in pairwise([*walk.begins, len(rows)])]


def _owners(cracks: _Cracks, runs: _Runs, walk: _Walk) -> list[int]:
    """For each ring itself, or for a hole the ring around it.

    Left of a hole's uppermost corner lies foreground, and left of that a crack of the same component's outline or of
    another of its holes, which begins earlier.
    """
    count = len(walk.begins)
    ring_of_run = np.empty(len(walk.runs), np.int64)
    ring_of_run[walk.runs] = np.repeat(np.arange(count), np.diff([*walk.begins, len(walk.runs)]))
    first = walk.runs[walk.begins][walk.holes]
    corner = runs.tops[first] * cracks.width + runs.columns[first]
    rows, columns = np.divmod(cracks.places[np.searchsorted(cracks.places, corner) - 1], cracks.width)
    height = int(runs.bottoms.max()) + 1
    tops = (runs.columns * height + runs.tops)[runs.by_column]
    beside = runs.by_column[np.searchsorted(tops, columns * height + rows, side="right") - 1]
    owners = list(range(count))
    for hole, neighbour in zip(walk.holes, ring_of_run[beside].tolist(), strict=True):
        owners[hole] = owners[neighbour]
    return owners
