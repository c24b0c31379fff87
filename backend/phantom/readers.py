"""Simulated readers: what two people with different habits would draw on a phantom study."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.special import ndtri

from backend.phantom.cohort import PhantomProjection, PhantomStudy
from backend.phantom.preset import Preset
from backend.records import PROJECTIONS, Projection
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Label, Mask, Polygon, Region
from converters.trace import simplify, trace

MARGIN = 8
"""Pixels around a finding within which its outline may wander."""
ROUGHNESS_PX = 3.0
"""Correlation length of an outline's jitter."""
SMALLEST = 4
SNR_WIDTH = 0.5
"""Spread of the detection threshold, in the logarithm of the signal-to-noise ratio."""
SHARED = 0.8
"""Correlation of what two readers find hard: a finding that deceives one is likely to deceive the other."""
LARGE_PX = 120
"""Area above which outlines wander more, with the root of the finding's width."""
TRUSTED_MISS = 0.1
"""Share of correct suggestions that a reader deletes against the evidence."""
ANCHORING = 1.5
"""A suggested look-alike is believed this much more often than one found alone."""


@dataclass(frozen=True)
class Habits:
    """How one reader differs from another.

    Attributes:
        bias_px: outlines lie this far outside (inside if negative) what can be seen.
        jitter_px: standard deviation of the outline's roughness.
        miss_snr: signal-to-noise ratio at which half of the lesions are missed.
        call_share: share of look-alikes called metastases.
        good_enough: Dice with the own impression from which a suggestion is left as it is.
        idle_share: share of baseless suggestions left in.
    """

    bias_px: float
    jitter_px: float
    miss_snr: float
    call_share: float
    good_enough: float
    idle_share: float


@dataclass(frozen=True, eq=False)
class _Impression:
    """Something that the reader would draw when alone, as the reader would draw it."""

    label: Label
    mask: Mask


def habits(preset: Preset, reader: int, seed: int) -> Habits:
    """A reader's habits: seeded, and even and odd readers lean to opposite sides."""
    rng = _stream("habits", preset.name, reader, seed)
    wide = 1.0 if reader % 2 == 0 else -1.0
    return Habits(
        bias_px=preset.bias_px * (wide / 2 + rng.normal(0, 0.15)),
        jitter_px=preset.jitter_px * rng.uniform(0.85, 1.15),
        miss_snr=preset.miss_snr * float(np.exp(rng.normal(-0.1 * wide, 0.1))),
        call_share=min(preset.call_share * (1 + 0.3 * wide) * rng.uniform(0.85, 1.15), 1.0),
        good_enough=rng.uniform(0.6, 0.75),
        idle_share=rng.uniform(0.02, 0.08),
    )


def read(
    study: PhantomStudy,
    reader: int,
    seed: int,
    suggestions: dict[Projection, tuple[Region, ...]] | None = None,
) -> dict[Projection, tuple[Region, ...]]:
    """One reader's outlines of both projections, in pixels of the 1024 × 256 image, at most 60 points each.

    Args:
        reader: which reader (0, 1, …): each has own habits, the same on every study of one seed.
        suggestions: outlines shown first, per projection; None reads blind. The reader leaves good ones as they are,
            redraws poor ones, deletes baseless ones and adds what is missing.
    """
    own = habits(study.preset, reader, seed)
    eye = _Eye(study.visit.study, reader, seed)
    regions = {}
    for projection in PROJECTIONS:
        rng = _stream("reading", study.visit.study, projection, reader, seed)
        impressions = _impressions(study.projections[projection], own, eye, rng)
        regions[projection] = (
            _outlines(impressions)
            if suggestions is None
            else _corrected(study.projections[projection], impressions, suggestions.get(projection, ()), (own, rng))
        )
    return regions


@dataclass(frozen=True)
class _Eye:
    """How a finding strikes this reader: the same in both projections, and alike for two readers."""

    study: str
    reader: int
    seed: int

    def luck(self, kind: str, finding: int) -> float:
        """Standard normal."""
        shared = _stream("finding", self.study, kind, finding).normal()
        own = _stream("eye", self.study, kind, finding, self.reader, self.seed).normal()
        return float(np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own)


def _corrected(
    image: PhantomProjection,
    impressions: Sequence[_Impression],
    suggested: Sequence[Region],
    reader: tuple[Habits, np.random.Generator],
) -> tuple[Region, ...]:
    kept: list[Region] = []
    covered = np.zeros(GRID_SHAPE, dtype=np.bool_)
    redrawn: set[int] = set()
    for region in suggested:
        mask = draw([region], GRID_SHAPE).masks[region.label]
        met = [one for one in impressions if one.label == region.label and (one.mask & mask).any()]
        if met and _dice(mask, np.logical_or.reduce([one.mask for one in met])) < reader[0].good_enough:
            redrawn |= {id(one) for one in met}
        elif met or _believed(region.label, mask, image, reader):
            kept.append(replace(region, suggested=True))
            covered |= mask
    own = [one for one in impressions if id(one) in redrawn or not (one.mask & covered).any()]
    return (*kept, *_outlines(own))


def _believed(label: Label, mask: Mask, image: PhantomProjection, reader: tuple[Habits, np.random.Generator]) -> bool:
    """Whether the reader lets a suggestion stand where the own impression has nothing."""
    own, rng = reader
    if (mask & image.truth[label]).any():
        chance = 1 - TRUSTED_MISS
    elif any((mask & look_alike).any() for look_alike in image.look_alikes):
        chance = ANCHORING * own.call_share
    else:
        chance = own.idle_share
    return bool(rng.random() < chance)


def _impressions(image: PhantomProjection, own: Habits, eye: _Eye, rng: np.random.Generator) -> list[_Impression]:
    """What this reader sees and how, without any suggestion."""
    found: list[_Impression] = []
    for lesion in image.lesions:
        if np.log(lesion.snr / own.miss_snr) + SNR_WIDTH * eye.luck("metastasis", lesion.finding) > 0:
            found.append(_Impression("metastasis", _drawn(lesion.mask, own, rng)))
    for look_alike in image.benign:
        if eye.luck("benign", look_alike.finding) > ndtri(1 - own.call_share):
            found.append(_Impression("metastasis", _drawn(look_alike.mask, own, rng)))
    if image.truth["bladder"].any():
        found.append(_Impression("bladder", _drawn(image.truth["bladder"], own, rng)))
    return found


def _drawn(seen: Mask, own: Habits, rng: np.random.Generator) -> Mask:
    """A hand-drawn version of what is seen: wider or narrower by habit, rough, a little off."""
    rows, columns = np.nonzero(seen)
    top, left = max(int(rows.min()) - MARGIN, 0), max(int(columns.min()) - MARGIN, 0)
    window = (
        slice(top, min(int(rows.max()) + MARGIN + 1, GRID_ROWS)),
        slice(left, min(int(columns.max()) + MARGIN + 1, GRID_COLUMNS)),
    )
    local = seen[window]
    inside = distance_transform_edt(local) - distance_transform_edt(~local)
    noise = gaussian_filter(rng.normal(size=local.shape), ROUGHNESS_PX, mode="nearest")
    scale = max(1.0, (np.count_nonzero(seen) / LARGE_PX) ** 0.25)
    rough = inside + scale * (own.bias_px + own.jitter_px * noise / noise.std())
    drawn = np.zeros(GRID_SHAPE, dtype=np.bool_)
    near = distance_transform_edt(~local) < MARGIN / 2
    drawn[window] = (rough > 0) & near
    return drawn if np.count_nonzero(drawn) >= SMALLEST else seen


def _outlines(impressions: Sequence[_Impression]) -> tuple[Region, ...]:
    return tuple(
        _without_holes(simplify(region, GRID_SHAPE))
        for one in impressions
        for region in trace(one.mask, one.label)
        if np.count_nonzero(draw([region], GRID_SHAPE).masks[one.label]) >= SMALLEST
    )


def _without_holes(region: Region) -> Region:
    """Nobody draws a hole by hand."""
    return replace(region, shape=Polygon(region.shape.exterior)) if isinstance(region.shape, Polygon) else region


def _dice(a: Mask, b: Mask) -> float:
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / total if total else 0.0


def _stream(*what: object) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:16], "big"))
