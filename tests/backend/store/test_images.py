import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from backend.settings import Settings
from backend.store.images import decode_png, encode_png, name_digest, normal_name


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_grey_levels_survive_storing(pixels: NDArray[np.uint8]) -> None:
    assert (decode_png(encode_png(pixels)) == pixels).all()


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("a.png", "a.png"),
        ("./a.png", "a.png"),
        ("././b/./a.png", "b/a.png"),
        (".\\Scans\\A.png", "Scans/A.png"),
        ("b//a.png", "b/a.png"),
        ("/b/a.png", "/b/a.png"),
        ("../a.png", "../a.png"),
        ("mu\u0308ller.png", "m\u00fcller.png"),
    ],
)
def test_one_file_has_one_name_on_every_system(name: str, normal: str) -> None:
    assert normal_name(name) == normal


@given(st.text())
def test_a_normal_name_stays_as_it_is(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)


def test_a_name_is_kept_as_a_hash_that_only_this_home_can_make(settings: Settings) -> None:
    digest = name_digest(settings, "maier.png")
    assert digest == name_digest(settings, "./maier.png")
    assert digest != name_digest(settings.model_copy(update={"home": settings.home / "other"}), "maier.png")
