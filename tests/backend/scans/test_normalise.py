import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.records import ScanImage, Visit
from backend.scans.normalise import to_grid
from backend.scans.windows import render
from converters.grid import GRID_SHAPE

VISIT = Visit("p", "s")


def of_counts(counts: NDArray[np.float32], pixel_mm: float | None = 2.0) -> ScanImage:
    return ScanImage(VISIT, "anterior", counts, {}, pixel_mm, "0" * 64)


def of_rendering(image: NDArray[np.uint8]) -> ScanImage:
    return ScanImage(VISIT, "anterior", None, {"low": image}, None, "0" * 64)


def noise(shape: tuple[int, int]) -> NDArray[np.float32]:
    return np.random.default_rng(0).poisson(8, shape).astype(np.float32)


def test_an_image_of_the_grids_size_goes_through_bit_for_bit() -> None:
    image = np.random.default_rng(0).integers(0, 256, GRID_SHAPE, dtype=np.uint8)
    assert (to_grid(of_rendering(image)).sub_images["low"] == image).all()
    counts = noise(GRID_SHAPE)
    grid = to_grid(of_counts(counts))
    assert all((grid.sub_images[window] == image).all() for window, image in render(counts).items())
    assert grid.transform.is_identity


@given(st.integers(1, 90), st.integers(1, 90))
@settings(max_examples=25, deadline=None)
def test_another_aspect_ratio_is_padded_with_no_counts_and_never_stretched(rows: int, columns: int) -> None:
    grid = to_grid(of_rendering(np.zeros((rows, columns), dtype=np.uint8)))
    inside = grid.sub_images["low"] == 0
    scale = min(1024 / rows, 256 / columns)
    assert abs(inside.any(axis=1).sum() - rows * scale) <= 1
    assert abs(inside.any(axis=0).sum() - columns * scale) <= 1
    assert (grid.sub_images["low"][~inside] == 255).all()


@pytest.mark.parametrize(("shape", "scale"), [((512, 128), 2.0), ((2048, 512), 0.5), ((1024, 512), 0.5)])
def test_a_hot_spot_lands_where_the_transform_maps_it(shape: tuple[int, int], scale: float) -> None:
    counts = np.zeros(shape, dtype=np.float32)
    counts[100:110, 40:50] = 50
    grid = to_grid(of_counts(counts))
    rows, columns = np.nonzero(grid.sub_images["high"] < 255)
    column, row = grid.transform.to_grid((45.0, 105.0))
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((column, row), abs=1e-6)
    assert grid.pixel_mm == 2.0 / scale


def test_no_source_pixel_is_skipped_when_a_fine_image_shrinks() -> None:
    counts = np.zeros((4096, 1024), dtype=np.float32)
    counts[1001, 333] = 1000
    assert (to_grid(of_counts(counts)).sub_images["low"] < 255).any()


def test_a_single_rendering_gives_a_single_sub_image() -> None:
    assert list(to_grid(of_rendering(np.zeros((10, 10), dtype=np.uint8))).sub_images) == ["low"]


def test_a_scan_without_any_image_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        to_grid(ScanImage(VISIT, "anterior", None, {}, None, "0" * 64))
