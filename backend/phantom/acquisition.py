"""From expected counts to the file a hospital would send: matrix, noise, artefacts, windows, pictures of pictures."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, gaussian_filter1d, shift

from backend.phantom.clouds import Floats
from backend.phantom.cohort import COUNT_GRID
from backend.phantom.domains import Domain
from backend.records import Projection, SubImage, Window
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE, GridTransform
from converters.regions import Mask

LEAST_LEVEL = 0.8
"""A picture scaled by its maximum is not blacker than this share of the usual scale makes it."""
SINGLE = 1.4
"""A single window stands in for both."""
LETTERS = ("ANT", "POST", "R", "L", "RT", "LT", "WB BONE", "1.5M", "HFS", "SUPINE", "99m", "+")


@dataclass(frozen=True)
class Matrix:
    """The camera's own matrix and where it lies on the grid."""

    rows: int
    columns: int

    @classmethod
    def of(cls, domain: Domain) -> "Matrix":
        """A matrix of the domain's aspect; a pixel of it measures `native` grid pixels."""
        rows = GRID_ROWS * min(1.0, domain.aspect / 4)
        columns = GRID_COLUMNS * min(1.0, 4 / domain.aspect)
        native = 1.0 if domain.grid_native else domain.native
        return cls(max(round(rows / native), 16), max(round(columns / native), 16))

    @property
    def transform(self) -> GridTransform:
        return GridTransform.fit(self.rows, self.columns)

    def inside(self) -> Mask:
        """(1024, 256): the grid pixels that the matrix covers."""
        place = self.transform
        mask = np.zeros(GRID_SHAPE, dtype=np.bool_)
        top, left = round(place.row_offset), round(place.column_offset)
        mask[top : GRID_ROWS - top, left : GRID_COLUMNS - left] = True
        return mask

    def counts(self, expected: Floats) -> Floats:
        """Expected counts on the grid → on this matrix, none lost inside it."""
        place = self.transform
        down = _overlap(self.rows, GRID_ROWS, place.scale, place.row_offset)
        across = _overlap(self.columns, GRID_COLUMNS, place.scale, place.column_offset)
        return np.asarray(down @ expected @ across.T)


def _overlap(source: int, grid: int, scale: float, offset: float) -> Floats:
    """(source, grid): the share of each grid pixel that lies in each source pixel."""
    upper, lower = np.arange(source)[:, None] * scale + offset, (np.arange(source)[:, None] + 1) * scale + offset
    place = np.arange(grid)
    return np.asarray(np.clip(np.minimum(lower, place + 1) - np.maximum(upper, place), 0, 1))


def detect(expected: Floats, domain: Domain, rng: np.random.Generator) -> Floats:
    """Counts on the camera's matrix: its own faults, Poisson noise, the maker's smoothing.

    Args:
        expected: (1024, 256) mean counts of the grid.
    """
    seen = expected + domain.background * float(expected.mean())
    if domain.metal:
        seen = seen * _metal(rng)
    if domain.motion:
        seen = _moved(seen, domain, rng)
    seen = Matrix.of(domain).counts(seen) * _unevenness(domain, rng)
    counts = rng.poisson(np.round(seen / COUNT_GRID) * COUNT_GRID).astype(np.float64)
    if domain.dead_rows:
        first = int(rng.integers(len(counts) - 4))
        counts[first : first + int(rng.integers(1, 4))] *= rng.choice((0.0, 1.6))
    if domain.edge_lines:
        counts[:, rng.choice((0, 1, -1))] += rng.uniform(1, 8) * counts.mean()
    return gaussian_filter(counts, domain.smoothed) if domain.smoothed > 0 else counts


def _metal(rng: np.random.Generator) -> Floats:
    """(1024, 256) transmission of a buckle, a pacemaker, a necklace or coins in a pocket."""
    row, column = rng.uniform(150, 700), rng.uniform(70, 186)
    height, width = rng.uniform(4, 16, 2)
    rows, columns = np.ogrid[:GRID_ROWS, :GRID_COLUMNS]
    inside = ((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 < 1
    if rng.random() < 0.3:
        inside &= ((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 > 0.6
    return np.asarray(1 - rng.uniform(0.3, 0.95) * gaussian_filter(inside.astype(float), 1.2))


def _moved(seen: Floats, domain: Domain, rng: np.random.Generator) -> Floats:
    """Everything above or below a row is seen twice, a little apart."""
    by = domain.motion_mm / domain.pixel_mm * rng.normal(0, 0.6, 2)
    weight = rng.uniform(0.2, 0.5)
    double = (1 - weight) * seen + weight * np.maximum(shift(seen, by, order=1), 0)
    edge = int(rng.integers(100, 900))
    above = (np.arange(GRID_ROWS) < edge) == (rng.random() < 0.6)
    return np.where(above[:, None], double, seen)


def _unevenness(domain: Domain, rng: np.random.Generator) -> Floats:
    matrix = Matrix.of(domain)
    across = gaussian_filter1d(rng.normal(size=matrix.columns), 4)
    return np.asarray(np.maximum(1 + domain.uneven * across / (np.abs(across).max() + 1e-9), 0))[None, :]


def levels(counts: Mapping[Projection, Floats], domain: Domain, rng: np.random.Generator) -> dict[Window, float]:
    """The upper grey level of each window, the same for all projections of a study or not, as hospitals do."""
    merged = np.concatenate([image[image > 0] for image in counts.values()])
    if not merged.size:
        return {"low": 1.0, "high": 1.0}
    usual = float(np.percentile(merged, 98.0))
    scale = max(float(merged.max()) * rng.uniform(0.15, 0.5), LEAST_LEVEL * usual) if domain.by_maximum else usual
    if domain.one_window:
        return {"low": scale * domain.low_level * SINGLE}
    return {"low": scale * domain.low_level, "high": scale * domain.low_level * domain.high_level}


def picture(counts: Floats, upper: float, domain: Domain, rng: np.random.Generator) -> SubImage:
    """An 8-bit rendering, 0 = hottest, of the matrix' size or as it was resized, lettered and compressed."""
    heat = np.clip((counts / max(upper, 1e-6) - domain.cut_below) / (1 - domain.cut_below), 0, 1)
    if domain.cut_below < 0:
        heat = np.clip(counts / max(upper, 1e-6), 0, 1)
    grey = Image.fromarray((255 - np.floor(heat**domain.gamma * 255 + 0.5)).astype(np.uint8))
    if domain.resized:
        columns = max(round(grey.width * domain.resize), 48)
        grey = grey.resize((columns, max(round(grey.height * columns / grey.width), 96)), Image.Resampling.BILINEAR)
    if domain.lettering:
        _letter(grey, rng)
    if domain.framed:
        ImageDraw.Draw(grey).rectangle((0, 0, grey.width - 1, grey.height - 1), outline=int(rng.integers(0, 128)))
    return _compressed(grey, domain)


def _letter(grey: Image.Image, rng: np.random.Generator) -> None:
    pen = ImageDraw.Draw(grey)
    for _ in range(rng.integers(1, 4)):
        column = rng.uniform(0.0, 0.12) if rng.random() < 0.5 else rng.uniform(0.78, 0.95)
        row = rng.uniform(0.0, 0.06) if rng.random() < 0.5 else rng.uniform(0.9, 0.97)
        pen.text((column * grey.width, row * grey.height), str(rng.choice(LETTERS)), fill=int(rng.integers(0, 90)))


def _compressed(grey: Image.Image, domain: Domain) -> NDArray[np.uint8]:
    if not domain.compressed:
        return np.asarray(grey)
    file = io.BytesIO()
    grey.save(file, format="JPEG", quality=round(domain.quality))
    return np.asarray(Image.open(file))
