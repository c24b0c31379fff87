"""What a reader drew: one labelled shape with exact geometry.

Coordinates are `(column, row)` in pixels, the origin at the top-left corner of the top-left pixel, so the centre of
pixel (i, j) is (i + 0.5, j + 0.5).
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Label = Literal["metastasis", "bladder"]
LABELS: tuple[Label, ...] = get_args(Label)

Point = tuple[float, float]
Ring = tuple[Point, ...]
Mask = NDArray[np.bool_]
"""`(rows, columns)`, True where the label is."""


@dataclass(frozen=True)
class Polygon:
    """An outline with holes; rings are open (the first point is not repeated) and fill by the even-odd rule."""

    exterior: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, eq=False)
class MaskPatch:
    """A painted shape: `pixels` is `(rows, columns)` bool, its top-left pixel at `(column, row)` of the image."""

    column: int
    row: int
    pixels: Mask


@dataclass(frozen=True)
class Region:
    """One labelled shape.

    `score` is the model's confidence in [0, 1] where a model drew it; `suggested` says that the shape is a model's
    suggestion that the reader left as it was; `identifier` is the source file's own name for it.
    """

    label: Label
    shape: Polygon | MaskPatch
    score: float | None = None
    suggested: bool = False
    identifier: str | None = field(default=None, compare=False)
