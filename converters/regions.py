"""What a reader drew: labelled shapes with exact geometry, and marks that have none.

Coordinates are `(column, row)` in pixels, the origin at the top-left corner of the top-left pixel, so the centre of
pixel (i, j) is (i + 0.5, j + 0.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Label = Literal["metastasis", "bladder"]
LABELS: tuple[Label, ...] = get_args(Label)
Labels = Mapping[str, Label | None]
"""What the words of a file mean; None for those whose shapes are left out."""

Point = tuple[float, float]
Ring = tuple[Point, ...]
Vertices = NDArray[np.float64]
"""`(n, 2)`, column and row, ring open."""
Mask = NDArray[np.bool_]
"""`(rows, columns)`, True where the label is."""

Kept = Mapping[str, Any]
"""What a file says besides, by its own keys; it is written again into a file of the same format only."""


@dataclass(frozen=True)
class Figure:
    """The figure that a polygon stands for, as the program that drew it says it.

    Attributes:
        kind: `rectangle`: two opposite corners; `oriented_rectangle`: four corners; `circle`: centre and a point on
            it; `ellipse`: centre and `(centre + radii)`.
        points: the figure's own points, in pixels of the image.
        degrees: turn, clockwise on the screen; a rectangle about its first corner, an ellipse about its centre.
    """

    kind: Literal["rectangle", "oriented_rectangle", "circle", "ellipse"]
    points: Ring
    degrees: float = 0.0


@dataclass(frozen=True)
class Polygon:
    """An outline with holes; rings are open (the first point is not repeated) and fill by the even-odd rule.

    `figure` says that a program drew it as one, so that a program that knows the figure gets it back.
    """

    exterior: Ring
    holes: tuple[Ring, ...] = ()
    figure: Figure | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class MaskPatch:
    """A painted shape: `pixels` is `(rows, columns)` bool, its top-left pixel at `(column, row)` of the image."""

    column: int
    row: int
    pixels: Mask


@dataclass(frozen=True)
class Region:
    """One labelled shape.

    Attributes:
        score: the model's confidence in [0, 1] where a model drew it.
        suggested: a model's suggestion that the reader left as it was.
        identifier: the source file's own name for it.
        group: regions of one label and one group are parts of one lesion.
        kept: what the source file says of it besides.
    """

    label: Label
    shape: Polygon | MaskPatch
    score: float | None = None
    suggested: bool = False
    identifier: str | None = field(default=None, compare=False)
    group: int | None = None
    kept: Kept = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Mark:
    """A point or a line that a reader drew: it has no area and counts nowhere.

    Attributes:
        kind: `point`, `points` (several that belong together) or `line` (open, of two or more points).
        label: the file's own word.
    """

    kind: Literal["point", "points", "line"]
    label: str
    points: Ring
    group: int | None = None
    identifier: str | None = field(default=None, compare=False)
    kept: Kept = field(default_factory=dict, compare=False, repr=False)
