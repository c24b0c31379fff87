"""Phantoms of another make, to measure how far a model that learned from `varied` studies carries over.

Nothing here is shared with them but the labels: no bone mesh, no camera model, other proportions, noise, windows and
rules for what counts as a lesion. Three families:

- `ellipsoids`: every piece as thick as it is wide, blurred, then Poisson counts. Truth is the pixels where a lesion's
  own counts reach half of their peak; a lesion counts where that peak is at least half of what lies behind it.
- `rods`: pieces with a Gaussian profile, counts that scatter more than Poisson's (negative binomial), on a matrix of
  512 × 128. Truth is the lesion's ellipse at 1.2 standard deviations, where the peak is at least its surroundings.
- `film`: flat pieces, grain as of a scanned film, one 8-bit picture with a logarithmic grey scale. Truth is the
  lesion's disc and one pixel about it, as a hand draws it, where it is at least 0.6 times its surroundings.

In each the bladder is the ellipse itself and wins over lesions.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from backend.errors import InputError
from backend.phantom.clouds import Floats
from backend.phantom.figurine import Piece, draw_proportions, pieces
from backend.records import PROJECTIONS, LabelMasks, Projection, ScanImage, SubImage, Visit
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE
from converters.regions import Mask

Family = Literal["ellipsoids", "rods", "film"]
FAMILIES: tuple[Family, ...] = get_args(Family)
BODY_MM = 1700.0
STREAM = 19_991_231
BLADDER_EDGE = 0.3
REACH = 4.0
"""How many half widths from its middle a piece is painted."""
COARSE_SHAPE = (GRID_ROWS // 2, 2, GRID_COLUMNS // 2, 2)
COUNTED = {"ellipsoids": 0.5, "rods": 1.0, "film": 0.6}
"""A lesion's peak over what lies behind it, from which it is part of the truth."""


@dataclass(frozen=True, eq=False)
class UnlikeStudy:
    """Two scans as a hospital would send them and their truth on the normalised grid."""

    family: Family
    scans: dict[Projection, ScanImage]
    truth: dict[Projection, LabelMasks]


@dataclass(frozen=True)
class _View:
    """Where the body stands on the grid: rows per body height, row of the crown, column of the midline."""

    rows: float
    top: float
    middle: float


def unlike(family: Family, seed: int, index: int) -> UnlikeStudy:
    """One study by itself: the same whatever was made before.

    Raises:
        InputError: no such family.
    """
    if family not in FAMILIES:
        raise InputError(f"{family!r} is no family; choose one of {', '.join(FAMILIES)}", field="family")
    rng = np.random.default_rng([STREAM, FAMILIES.index(family), seed, index])
    proportions = draw_proportions(rng)
    body = pieces(proportions, rng)
    view = _View(GRID_ROWS * rng.uniform(0.6, 0.92), rng.uniform(10, 60), GRID_COLUMNS / 2 + rng.normal(0, 4))
    lesions = _foci(body, rng, int(rng.integers(1, 12)) if rng.random() < 0.65 else 0, (0.006, 0.026), (1.5, 8.0))
    body += _foci(body, rng, int(rng.integers(0, 3)), (0.006, 0.012), (0.5, 2.0))
    bladder = _bladder(proportions.crotch, rng)
    blur, counts = rng.uniform(1.2, 2.8), rng.uniform(0.3e6, 1.2e6)
    named = (f"{family}-{seed}-{index}", BODY_MM / view.rows)
    scans, truth = {}, {}
    for projection in PROJECTIONS:
        seen = (family, view, projection)
        normal, held = _sum([_painted(piece, *seen) for piece in body]), _painted(bladder, *seen)
        spots = [_painted(piece, *seen) for piece in lesions]
        truth[projection] = _truth(family, normal + held, held > BLADDER_EDGE * held.max(), spots)
        total = gaussian_filter(normal + held + _sum(spots), blur)
        scans[projection] = _scan(family, total * counts / total.sum(), projection, named, rng)
    return UnlikeStudy(family, scans, truth)


def _bladder(crotch: float, rng: np.random.Generator) -> Piece:
    size = rng.uniform(0.016, 0.045)
    place = (rng.normal(0, 0.006), crotch - 0.02 + rng.normal(0, 0.006))
    axes = (size, size * rng.uniform(0.6, 1.1))
    return Piece(place, axes, 0, rng.uniform(2, 14), 1.0, 0.5, round=True)


def _sum(layers: Sequence[Floats]) -> Floats:
    return np.asarray(sum(layers, np.zeros(GRID_SHAPE)))


def _foci(
    body: Sequence[Piece], rng: np.random.Generator, count: int, sizes: tuple[float, float], gains: tuple[float, float]
) -> list[Piece]:
    """Round spots somewhere along the bones."""
    bones = [piece for piece in body if piece.bone]
    found = []
    for number in rng.integers(len(bones), size=count):
        bone = bones[number]
        share = rng.uniform(-0.6, 0.6, 2) if bone.round else np.repeat(rng.random(), 2)
        x, z = (
            np.add(bone.first, share * bone.second) if bone.round
            else np.add(bone.first, share * np.subtract(bone.second, bone.first))
        )  # fmt: skip
        half = np.exp(rng.uniform(*np.log(sizes)))
        gain = np.exp(rng.uniform(*np.log(gains)))
        axes = (half, half * rng.uniform(0.7, 1.4))
        found.append(replace(bone, first=(float(x), float(z)), second=axes, width=0.0, uptake=gain, round=True))
    return found


def _painted(piece: Piece, family: Family, view: _View, projection: Projection) -> Floats:
    """(1024, 256): one piece as this family paints it."""
    strength = piece.uptake * (piece.front if projection == "anterior" else piece.back)
    window = _window(piece, view)
    mirror = 1.0 if projection == "anterior" else -1.0
    x = mirror * (np.arange(GRID_COLUMNS)[None, :] + 0.5 - view.middle) / view.rows
    z = (np.arange(GRID_ROWS)[window, None] + 0.5 - view.top) / view.rows
    far = _away(piece, np.asarray(x, np.float64), np.asarray(z, np.float64))
    profile = {"ellipsoids": np.sqrt(np.maximum(1 - far, 0)), "rods": np.exp(-far), "film": (far < 1) * 0.8}[family]
    image = np.zeros(GRID_SHAPE)
    image[window] = strength * profile
    return image


def _away(piece: Piece, x: Floats, z: Floats) -> Floats:
    """Squared distance from a piece's middle line or centre, 1 at its edge."""
    if piece.round:
        return ((x - piece.first[0]) / piece.second[0]) ** 2 + ((z - piece.first[1]) / piece.second[1]) ** 2
    along = np.subtract(piece.second, piece.first)
    share = ((x - piece.first[0]) * along[0] + (z - piece.first[1]) * along[1]) / max(float(along @ along), 1e-12)
    share = np.clip(share, 0, 1)
    gap = (x - piece.first[0] - share * along[0]) ** 2 + (z - piece.first[1] - share * along[1]) ** 2
    return np.asarray(gap / piece.width**2)


def _window(piece: Piece, view: _View) -> slice:
    """The rows that a piece can reach."""
    ends = (piece.first[1],) if piece.round else (piece.first[1], piece.second[1])
    reach = REACH * (piece.second[1] if piece.round else piece.width)
    first, last = (int(np.clip(view.top + z * view.rows, 0, GRID_ROWS)) for z in (min(ends) - reach, max(ends) + reach))
    return slice(first, min(last + 2, GRID_ROWS))


def _truth(family: Family, behind: Floats, bladder: Mask, spots: Sequence[Floats]) -> LabelMasks:
    drawn: Mask = np.zeros(GRID_SHAPE, dtype=np.bool_)
    for spot in spots:
        peak = float(spot.max())
        if not peak:
            continue
        mask = spot > {"ellipsoids": 0.5, "rods": float(np.exp(-0.72)), "film": 0.5}[family] * peak
        if peak >= COUNTED[family] * behind[mask].mean():
            drawn |= binary_dilation(mask) if family == "film" else mask
    return LabelMasks(drawn & ~bladder, bladder)


def _scan(
    family: Family, expected: Floats, projection: Projection, named: tuple[str, float], rng: np.random.Generator
) -> ScanImage:
    name, pixel_mm = named
    visit = Visit(patient=name, study=name)
    if family == "film":
        picture = _film(expected, rng)
        return ScanImage(visit, projection, None, {"low": picture}, pixel_mm, _sha256(picture))
    if family == "ellipsoids":
        counts = rng.poisson(expected).astype(np.float32)
    else:
        coarse = expected.reshape(*COARSE_SHAPE).sum(axis=(1, 3))
        counts = rng.negative_binomial(np.maximum(coarse, 1e-9) / 0.6, 1 / 1.6).astype(np.float32)
    return ScanImage(visit, projection, counts, {}, pixel_mm * GRID_ROWS / len(counts), _sha256(counts))


def _sha256(pixels: NDArray[np.generic]) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def _film(expected: Floats, rng: np.random.Generator) -> SubImage:
    """Grain in proportion to the blackening, and a logarithmic scale from white to black."""
    grain = gaussian_filter(rng.normal(size=GRID_SHAPE), 0.7)
    heat = np.maximum(expected * (1 + rng.uniform(0.15, 0.5) * grain), 0)
    top = float(np.percentile(heat[heat > 0.01 * heat.max()], rng.uniform(96, 99.5)))
    grey = np.log1p(rng.uniform(2, 8) * heat / top)
    grey = np.clip(grey / np.log1p(rng.uniform(2, 8)), 0, 1) + rng.uniform(0, 0.05)
    return np.asarray(255 - np.floor(np.clip(grey, 0, 1) * 255 + 0.5), dtype=np.uint8)
