import numpy as np
import pytest
import torch

from backend.errors import ScanError
from backend.model.preprocessing import CROP_TOPS, called_rows, crops, spans, stack_windows, to_input
from converters.grid import GRID_SHAPE


def test_a_projection_in_one_window_uses_it_for_both() -> None:
    low = np.full(GRID_SHAPE, 200, np.uint8)
    uptake = stack_windows({"low": low})
    assert uptake.shape == (2, *GRID_SHAPE)
    assert (uptake == 55).all()


def test_the_low_window_comes_first_whatever_the_order_given() -> None:
    images = {"high": np.zeros(GRID_SHAPE, np.uint8), "low": np.full(GRID_SHAPE, 255, np.uint8)}
    uptake = stack_windows(images)
    assert uptake[0].max() == 0
    assert uptake[1].min() == 255


@pytest.mark.parametrize(
    "images",
    [
        pytest.param({}, id="no window"),
        pytest.param({"low": np.zeros((512, 256), np.uint8)}, id="another size"),
        pytest.param({"low": np.zeros(GRID_SHAPE, np.float32)}, id="another dtype"),
        pytest.param({"low": np.zeros((*GRID_SHAPE, 3), np.uint8)}, id="colour"),
    ],
)
def test_sub_images_that_cannot_be_used_are_refused(images: dict[str, np.ndarray]) -> None:
    with pytest.raises(ScanError, match=r"window|low"):
        stack_windows(images)


def test_input_runs_from_no_count_to_hottest() -> None:
    uptake = np.zeros((2, *GRID_SHAPE), np.uint8)
    uptake[:, 0, 0] = 255
    image = to_input(torch.from_numpy(uptake))
    assert image.shape == (3, *GRID_SHAPE)
    assert image[:, 0, 0].tolist() == [1, 1, 1]
    assert image.min().item() == -127 / 128


def test_seven_crops_cover_the_projection() -> None:
    image = torch.arange(1024).float()[None, :, None].expand(3, 1024, 256)
    assert crops(image).shape == (7, 3, 256, 256)
    assert crops(image)[:, 0, 0, 0].tolist() == list(CROP_TOPS)
    assert called_rows(np.ones(7, bool)).all()


def test_the_cells_of_a_projection_are_cropped_like_its_pixels() -> None:
    cells = torch.arange(256.0)[None, :, None].expand(2, 256, 64)
    assert crops(cells).shape == (7, 2, 64, 64)
    assert crops(cells)[:, 0, 0, 0].tolist() == [top // 4 for top in CROP_TOPS]


def test_called_crops_that_touch_become_one_span() -> None:
    called = np.array([True, True, False, False, False, False, True])
    assert spans(called_rows(called)) == [slice(0, 384), slice(768, 1024)]
    assert spans(called_rows(np.zeros(7, bool))) == []
