"""The de-identified copy of a reading."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.store.regions_document import decode, encode
from converters.regions import LABELS, MaskPatch, Polygon, Region

coordinates = st.floats(-10, 1100, allow_nan=False)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=6).map(tuple)
polygons = st.builds(Polygon, rings, st.lists(rings, max_size=2).map(tuple))
patches = st.builds(
    MaskPatch,
    st.integers(0, 255),
    st.integers(0, 1023),
    arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))),
)
regions = st.builds(
    Region,
    st.sampled_from(LABELS),
    polygons | patches,
    st.none() | st.floats(0, 1),
    st.booleans(),
    st.none() | st.text(),
)


@given(st.lists(regions, max_size=4))
def test_what_is_decoded_encodes_to_the_same_bytes(drawn: list[Region]) -> None:
    document = encode(drawn)
    assert encode(decode(document)) == document


@given(polygons)
def test_vertices_move_by_less_than_a_ten_millionth_of_a_pixel(polygon: Polygon) -> None:
    (region,) = decode(encode([Region("bladder", polygon)]))
    assert isinstance(region.shape, Polygon)
    np.testing.assert_allclose(region.shape.exterior, polygon.exterior, rtol=0, atol=1e-7)


@given(patches)
def test_painted_pixels_come_back_as_they_were(patch: MaskPatch) -> None:
    (region,) = decode(encode([Region("metastasis", patch)]))
    assert isinstance(region.shape, MaskPatch)
    assert (region.shape.column, region.shape.row) == (patch.column, patch.row)
    np.testing.assert_array_equal(region.shape.pixels, patch.pixels)


def test_the_source_files_own_names_stay_out() -> None:
    square = Polygon(((0, 0), (4, 0), (4, 4)))
    assert b"Mustermann" not in encode([Region("bladder", square, identifier="Mustermann")])


def test_order_is_kept_and_noise_below_the_last_decimal_is_not() -> None:
    plain = Region("bladder", Polygon(((0.0, 0.0), (4.0, 0.0), (4.0, 4.0))))
    noisy = Region("bladder", Polygon(((-0.0, 1e-9), (4.000000001, 0.0), (4.0, 4.0))))
    other = Region("metastasis", plain.shape)
    assert encode([plain, other]) == encode([noisy, other]) != encode([other, plain])


def test_a_coordinate_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode([Region("bladder", Polygon(((float("nan"), 0), (1, 0), (1, 1))))])
