"""The gamma camera: parallel-hole projections with attenuation, distance-dependent blur and scatter."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates, zoom

from backend.phantom.clouds import Floats, Integers
from backend.records import PROJECTIONS, Projection
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE

ATTENUATION_PER_MM = 0.0115
"""Effective (broad-beam) attenuation of 140 keV photons in soft tissue."""
INTRINSIC_FWHM, HOLE_MM, HOLE_LENGTH_MM = 4.1, 1.6, 35.0
"""LEHR: 7.4 mm FWHM at 100 mm with these, by sqrt(intrinsic² + (hole · (1 + distance / length))²)."""
COLLIMATOR_GAP = {"anterior": 25.0, "posterior": 55.0}
"""mm between the body and the collimator; behind, the table lies in between."""
SLABS = 6
SLAB_MM = 55.0
FWHM_PER_SIGMA = 2.3548
SCATTER_SHARE, SCATTER_SIGMA_MM = 0.09, 42.0
COARSE = 8


def resolution_fwhm(distance: float) -> float:
    """FWHM in mm of a point source `distance` mm from the collimator."""
    return float(np.hypot(INTRINSIC_FWHM, HOLE_MM * (1 + distance / HOLE_LENGTH_MM)))


@dataclass(frozen=True)
class Crop:
    """A rectangle of the image and the expected counts in it; the rest of the image holds none."""

    row: int
    column: int
    counts: Floats

    def whole(self) -> Floats:
        image = np.zeros(GRID_SHAPE)
        image[self.row : self.row + self.counts.shape[0], self.column : self.column + self.counts.shape[1]] = (
            self.counts
        )
        return image


@dataclass(frozen=True)
class Optics:
    """What differs from camera to camera; the defaults are those of the frozen presets.

    Args:
        blur: factor on the FWHM.
        gap: mm added between body and collimator.
        attenuation: per mm.
        scatter: share of the primary counts.
    """

    blur: float = 1.0
    gap: float = 0.0
    attenuation: float = ATTENUATION_PER_MM
    scatter: float = SCATTER_SHARE


DEFAULT_OPTICS = Optics()


class Camera:
    """Both heads over one posed body.

    Args:
        skin: (n, 3) mm, points that fill the body; its surface is taken from them.
        pixel_mm: size of a pixel.
        top: rows between the image's upper edge and the crown.
        shift: columns that the body lies off the table's middle.
        optics: of this camera.
    """

    def __init__(
        self, skin: Floats, pixel_mm: float, top: float, shift: float, optics: Optics = DEFAULT_OPTICS
    ) -> None:
        self._optics = optics
        self.pixel_mm = pixel_mm
        self._top, self._shift = top, shift
        self._crown = float(skin[:, 2].max())
        self._face = {"anterior": float(skin[:, 1].min()), "posterior": float(skin[:, 1].max())}
        self._surface = {projection: self._depth_map(skin, projection) for projection in PROJECTIONS}

    def project(self, points: Floats, activity: Floats, projection: Projection) -> Floats:
        """Expected counts, (1024, 256), of activity at points (n, 3) mm, without scatter."""
        row, column = self._pixels(points, projection)
        slab = np.clip(self._distance(points, projection) / SLAB_MM, 0, SLABS - 1).astype(np.int64)
        seen = activity * self._transmission(points, row, column, projection)
        stack = _deposit(slab, row, column, seen, (SLABS, *GRID_SHAPE))
        return sum(
            (gaussian_filter(layer, self._sigma((index + 0.5) * SLAB_MM)) for index, layer in enumerate(stack)),
            start=np.zeros(GRID_SHAPE),
        )

    def project_spot(self, points: Floats, activity: Floats, projection: Projection) -> Crop:
        """The same for a small spot, blurred as one at its mean distance, only where it reaches."""
        row, column = self._pixels(points, projection)
        seen = activity * self._transmission(points, row, column, projection)
        sigma = self._sigma(float(self._distance(points, projection).mean()))
        margin = int(np.ceil(4 * sigma)) + 1
        rows = np.clip([row.min() - margin, row.max() + margin + 2], 0, GRID_ROWS).astype(int)
        columns = np.clip([column.min() - margin, column.max() + margin + 2], 0, GRID_COLUMNS).astype(int)
        shape = (int(rows[1] - rows[0]), int(columns[1] - columns[0]))
        if min(shape) < 1:
            return Crop(0, 0, np.zeros((1, 1)))
        flat = _deposit(np.zeros(len(row), dtype=np.int64), row - rows[0], column - columns[0], seen, (1, *shape))[0]
        return Crop(int(rows[0]), int(columns[0]), gaussian_filter(flat, sigma, mode="constant"))

    def scatter(self, primary: Floats) -> Floats:
        """The broad halo of scattered photons that comes with the primary ones."""
        small = primary.reshape(GRID_ROWS // COARSE, COARSE, GRID_COLUMNS // COARSE, COARSE).mean(axis=(1, 3))
        halo = gaussian_filter(small, SCATTER_SIGMA_MM / self.pixel_mm / COARSE, mode="constant")
        return np.asarray(self._optics.scatter * zoom(halo, COARSE, order=1, grid_mode=True, mode="nearest"))

    def _pixels(self, points: Floats, projection: Projection) -> tuple[Floats, Floats]:
        across = points[:, 0] / self.pixel_mm + self._shift
        row = self._top + (self._crown - points[:, 2]) / self.pixel_mm - 0.5
        return row, GRID_COLUMNS / 2 + (across if projection == "anterior" else -across) - 0.5

    def _distance(self, points: Floats, projection: Projection) -> Floats:
        return np.asarray(np.abs(points[:, 1] - self._face[projection]) + COLLIMATOR_GAP[projection] + self._optics.gap)

    def _sigma(self, distance: float) -> float:
        return self._optics.blur * resolution_fwhm(distance) / FWHM_PER_SIGMA / self.pixel_mm

    def _depth_map(self, skin: Floats, projection: Projection) -> Floats:
        """Where the skin towards this head lies (y, mm), on a grid of COARSE pixels."""
        row, column = self._pixels(skin, projection)
        shape = (GRID_ROWS // COARSE, GRID_COLUMNS // COARSE)
        cell = (_cell(row, shape[0]), _cell(column, shape[1]))
        sign = 1.0 if projection == "anterior" else -1.0
        nearest = np.full(shape, np.inf)
        np.minimum.at(nearest, cell, sign * skin[:, 1])
        empty = np.isinf(nearest)
        where = distance_transform_edt(empty, return_distances=False, return_indices=True)
        return np.asarray(sign * gaussian_filter(nearest[tuple(where)], 0.6))

    def _transmission(self, points: Floats, row: Floats, column: Floats, projection: Projection) -> Floats:
        place = ((row + 0.5) / COARSE - 0.5, (column + 0.5) / COARSE - 0.5)
        surface = map_coordinates(self._surface[projection], place, order=1, mode="nearest")
        depth = points[:, 1] - surface if projection == "anterior" else surface - points[:, 1]
        return np.asarray(np.exp(-self._optics.attenuation * np.maximum(depth, 0.0)))


def _cell(place: Floats, cells: int) -> Integers:
    return np.clip((place + 0.5) // COARSE, 0, cells - 1).astype(np.int64)


def _deposit(slab: Integers, row: Floats, column: Floats, weight: Floats, shape: tuple[int, int, int]) -> Floats:
    """Each point's weight shared among the 4 pixels around it, so that the image depends smoothly on the points."""
    upper, left = np.floor(row).astype(np.int64), np.floor(column).astype(np.int64)
    low, right = row - upper, column - left
    image = np.zeros(shape[0] * shape[1] * shape[2])
    for down in (0, 1):
        for across in (0, 1):
            share = (low if down else 1 - low) * (right if across else 1 - right) * weight
            inside = (upper + down >= 0) & (upper + down < shape[1]) & (left + across >= 0) & (left + across < shape[2])
            index = (slab * shape[1] + upper + down) * shape[2] + left + across
            image += np.bincount(index[inside], share[inside], minlength=len(image))
    return image.reshape(shape)
