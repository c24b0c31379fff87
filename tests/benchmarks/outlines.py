"""Tracing against OpenCV's contours, and brush strokes against Label Studio's own SDK, on the same masks."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from label_studio_sdk.converter import brush
from numpy.typing import NDArray

from converters.brush_rle import decode_brush, encode_brush
from converters.grid import GRID_SHAPE
from converters.regions import Mask
from converters.trace import trace

LESIONS = (1, 2, 5, 10, 20)
TURNS = 60
FEW_TURNS = 15
"""For work that takes milliseconds."""


class Row(NamedTuple):
    """Medians in milliseconds, measured in turn; `ratio` is ours to the peer's, so less is better."""

    what: str
    ours: float
    peer: float

    @property
    def ratio(self) -> float:
        return self.ours / self.peer


def measure() -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    lines = [f"| {row.what} | {row.ours:.3f} | {row.peer:.3f} | {row.ratio:.2f} |" for row in rows()]
    table = "\n".join(["| what | ours, ms | peer, ms | ours ÷ peer |", "| --- | --- | --- | --- |", *lines])
    yield (
        "## Outlines and brush strokes\n\n"
        "Masks of 1024 × 256 pixels. Mask to polygons: exact regions, Python objects included, beside "
        "`cv2.findContours` (two levels, simple chains), which is not exact. Brush strokes: beside "
        "`label_studio_sdk.converter.brush`, same bytes and same masks. Both sides in turn, medians.\n\n"
        f"{table}"
    )


def rows() -> Iterator[Row]:
    for name, mask in masks().items():
        bytes_of_mask = mask.astype(np.uint8)
        yield _in_turn(
            f"mask → polygons, {name}",
            lambda mask=mask: trace(mask, "metastasis"),
            lambda pixels=bytes_of_mask: cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE),
            TURNS,
        )
    for name, mask in masks().items():
        stroke, opaque = encode_brush(mask), 255 * mask.astype(np.uint8)
        yield _in_turn(
            f"brush stroke → mask, {name} ({len(stroke)} bytes)",
            lambda stroke=stroke: decode_brush(stroke, *GRID_SHAPE),
            lambda stroke=stroke: brush.decode_rle(stroke).reshape(*GRID_SHAPE, 4)[..., 3] > 0,
            FEW_TURNS,
        )
        yield _in_turn(
            f"mask → brush stroke, {name}",
            lambda mask=mask: encode_brush(mask),
            lambda pixels=opaque: brush.mask2rle(pixels),
            FEW_TURNS,
        )


def masks() -> dict[str, Mask]:
    """Seeded: so many lesions of 2 to 12 pixels' radius anywhere on the body, a bladder, and both."""
    lesions = {f"lesions: {count}": _lesions(count) for count in LESIONS}
    bladder = _blob(520, 128, (12, 16), 0.0)
    return lesions | {"bladder": bladder, "lesions: 20, and a bladder": lesions["lesions: 20"] | bladder}


def _lesions(count: int) -> Mask:
    rng = np.random.default_rng(count)
    drawn = np.zeros(GRID_SHAPE, np.bool_)
    for _ in range(count):
        drawn |= _blob(rng.uniform(20, 1000), rng.uniform(20, 236), tuple(rng.uniform(2, 12, 2)), rng.uniform(0, np.pi))
    return drawn


def _blob(row: float, column: float, radii: tuple[float, ...], turn: float) -> Mask:
    """A lumpy ellipse."""
    rows_, columns = np.indices(GRID_SHAPE) + 0.5
    across, down = columns - column, rows_ - row
    along = (across * np.cos(turn) + down * np.sin(turn)) / radii[0]
    beside = (down * np.cos(turn) - across * np.sin(turn)) / radii[1]
    lumps: NDArray[np.float64] = 0.3 * np.sin(3 * np.arctan2(beside, along))
    return along**2 + beside**2 + lumps <= 1


def _in_turn(what: str, ours: Callable[[], Any], peer: Callable[[], Any], turns: int) -> Row:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for work, taken in zip((ours, peer), times, strict=True):
            started = time.perf_counter()
            work()
            taken.append(1000 * (time.perf_counter() - started))
    return Row(what, *map(statistics.median, times))
