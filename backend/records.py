"""The nouns that more than one room passes on: small, frozen, no I/O. Words as in docs/glossary.md."""

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from converters.grid import GridTransform
from converters.regions import Label, Mask, Region

Projection = Literal["anterior", "posterior"]
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)
Window = Literal["low", "high"]
WINDOWS: tuple[Window, ...] = get_args(Window)

Exposure = Literal["assisted", "blind"]
Split = Literal["train", "validation", "test"]
ProjectionStatus = Literal["waiting", "agreed", "adjudicate", "adjudicated", "excluded"]
RunState = Literal["queued", "running", "done", "failed", "cancelled"]
VerdictName = Literal["promote", "hold", "reject"]

SubImage = NDArray[np.uint8]
"""One projection in one window: (1024, 256) uint8, inverted (0 = hottest)."""

Probability = NDArray[np.float32]
"""(1024, 256) float32 in [0, 1]."""


@dataclass(frozen=True)
class Figure:
    """A reported number: value with its 95 % interval and n; `None` where undefined. `k` only for proportions."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    k: int | None = None

    def to_json(self) -> dict[str, float | int | None]:
        plain: dict[str, float | int | None] = {"value": self.value, "low": self.low, "high": self.high, "n": self.n}
        return plain if self.k is None else plain | {"k": self.k}


@dataclass(frozen=True)
class Visit:
    """Who was scanned and when, in pseudonyms only."""

    patient: str
    study: str
    date: datetime.date | None = None
    age: float | None = None
    sex: str | None = None
    primary: str | None = None
    site: str | None = None
    metastasis: bool | None = None


@dataclass(frozen=True, eq=False)
class ScanImage:
    """One projection as it came.

    Attributes:
        visit, projection: what it shows.
        counts: `(rows, columns)` float32 detector counts, hotter = larger; None where only renderings came.
        renderings: 8-bit sub-images of the source's own size, polarity already dark-hot, by window.
        pixel_mm: size of a source pixel in mm, None where the source does not say.
        source_sha256: hash of the file (the first, where two renderings came in two).
        names: the file names a reader's file may call it by, path relative to its list, `/` as separator.
        paths: the source files, kept as they came in the vault; never shown, they may carry names.
    """

    visit: Visit
    projection: Projection
    counts: NDArray[np.float32] | None
    renderings: dict[Window, SubImage]
    pixel_mm: float | None
    source_sha256: str
    names: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class GridImage:
    """One projection ready for reading: sub-images on the normalised grid and the way back to the source."""

    sub_images: dict[Window, SubImage]
    transform: GridTransform
    pixel_mm: float | None
    """mm per *grid* pixel."""


@dataclass(frozen=True, eq=False)
class LabelMasks:
    """Disjoint masks of one projection on the normalised grid; `ignored` pixels count as neither."""

    metastasis: Mask
    bladder: Mask
    ignored: Mask | None = None

    def __getitem__(self, label: Label) -> Mask:
        return self.metastasis if label == "metastasis" else self.bladder


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model version says of one projection, all on the normalised grid.

    Attributes:
        model: its version string.
        masks: disjoint, after classifier gate and thresholds.
        regions: the same masks as editable outlines with scores (at most 60 points each).
        probability: per label.
        crop_probability: the classifier's highest probability over the projection's crops, per label.
        by_crop: the probabilities of all crops from top to bottom, per label; empty where they were not kept.
    """

    model: str
    masks: LabelMasks
    regions: tuple[Region, ...]
    probability: dict[Label, Probability]
    crop_probability: dict[Label, float]
    by_crop: dict[Label, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class AgreementRules:
    """When two readings of one projection agree; all sizes in pixels of the normalised grid."""

    match_iou: float = 0.1
    dice_floor: float = 0.7
    unmatched_lesion_pixels: int = 30
    bladder_dice_floor: float = 0.5
    bladder_pixels: int = 100

    @property
    def version(self) -> str:
        """Names the rule and every number in it."""
        return (
            f"agreement-2 iou={self.match_iou:g} dice={self.dice_floor:g} unmatched={self.unmatched_lesion_pixels} "
            f"bladder={self.bladder_dice_floor:g}/{self.bladder_pixels}"
        )


@dataclass(frozen=True, eq=False)
class Member:
    """One projection of a dataset version, ready to train or score on.

    Attributes:
        visit, projection, split: whose it is and on which side.
        sub_images: by window, on the normalised grid.
        masks: the reference as it was frozen, with its ignored pixels.
        pixel_mm: mm per grid pixel, None where the scan does not say.
        exposure: of the two readings behind the reference; empty where it has none.
        image_id: the stored image.
    """

    visit: Visit
    projection: Projection
    split: Split
    sub_images: dict[Window, SubImage]
    masks: LabelMasks
    pixel_mm: float | None
    exposure: tuple[Exposure, ...]
    image_id: int


@dataclass(frozen=True)
class Burden:
    """Tumour burden of one study or projection; `bstbi` None where its denominator is 0."""

    bstbi: float | None
    lesion_area_cm2: float | None
    lesions: int
    sub_images: int
    complete: bool


Outcome = Literal["passed", "hold", "reject", "not judged"]


@dataclass(frozen=True)
class Check:
    """One thing that the promotion gate looked at.

    Attributes:
        name: which; `label` and `slice` (its name and group) say of what, None where it is of the whole.
        requires: of `figure`, as `value > 0` or `low > -0.020`; `low` and `high` are the ends of its interval.
        reason: one sentence where the check did not pass, else empty.
    """

    name: str
    outcome: Outcome
    requires: str
    figure: Figure | None = None
    label: Label | None = None
    slice: tuple[str, str] | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "check": self.name,
            "label": self.label,
            "slice": {"name": self.slice[0], "group": self.slice[1]} if self.slice else None,
            "figure": self.figure.to_json() if self.figure else None,
            "requires": self.requires,
            "outcome": self.outcome,
            "passed": None if self.outcome == "not judged" else self.outcome == "passed",
            "reason": self.reason or None,
        }


@dataclass(frozen=True)
class GateRules:
    """What the promotion gate asks for besides a gain.

    Attributes:
        lesion_floor, bladder_floor: mean Dice with the reference that a model must reach.
        slice_margin: Dice that no slice of the test patients may be shown to lose.
        slice_patients: patients with a defined difference from which a slice is judged.
    """

    lesion_floor: float = 0.3
    bladder_floor: float = 0.5
    slice_margin: float = 0.05
    slice_patients: int = 10


@dataclass(frozen=True)
class Verdict:
    """What the promotion gate says, and why in words."""

    name: VerdictName
    reason: str
    differences: dict[str, Figure] = field(default_factory=dict)
    """challenger − champion by label, paired by patient."""
    checks: tuple[Check, ...] = ()
    """All that the gate looked at, whether it passed or not."""
