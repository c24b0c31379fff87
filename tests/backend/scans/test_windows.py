import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from backend.scans.windows import render

counts = arrays(np.float32, (7, 5), elements=st.floats(-40, 4000, width=32))


def body_with(hottest: float) -> NDArray[np.float32]:
    image = np.random.default_rng(0).poisson(8, (200, 100)).astype(np.float32)
    image[:4, :4] = hottest
    return image


@given(counts)
def test_hotter_is_never_brighter_and_no_counts_are_white(image: NDArray[np.float32]) -> None:
    for grey in render(image).values():
        assert grey.dtype == np.uint8
        assert (grey[image <= 0] == 255).all()
        in_order = grey.ravel()[np.argsort(image, axis=None)].astype(int)
        assert (np.diff(in_order) <= 0).all()


@given(counts)
def test_the_low_window_is_nowhere_brighter_than_the_high_one(image: NDArray[np.float32]) -> None:
    windows = render(image)
    assert (windows["low"] <= windows["high"]).all()


def test_a_bladder_ten_times_hotter_leaves_the_bones_as_they_were() -> None:
    calm, full = render(body_with(15)), render(body_with(300))
    assert full["low"][0, 0] == full["high"][0, 0] == 0
    assert np.abs(calm["low"][10:].astype(int) - full["low"][10:]).max() <= 2


def test_twice_the_dose_looks_the_same() -> None:
    image = body_with(40)
    assert all((render(image)[window] == render(2 * image)[window]).all() for window in ("low", "high"))


def test_an_image_without_counts_is_white() -> None:
    assert all((grey == 255).all() for grey in render(np.zeros((4, 4), dtype=np.float32)).values())
