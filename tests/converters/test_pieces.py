import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters import pieces
from converters.errors import BadRegion
from converters.pieces import regions_of_mask, regions_of_numbers
from converters.rasterise import draw

masks = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(masks)
@settings(max_examples=60)
def test_each_piece_that_touches_no_other_is_a_region_of_exactly_its_pixels(mask):
    regions, _ = regions_of_mask(mask, "metastasis")
    assert np.array_equal(draw(regions, mask.shape).masks["metastasis"], mask)
    assert sum(np.count_nonzero(region.shape.pixels) for region in regions) == np.count_nonzero(mask)
    for region in regions:
        assert len(regions_of_mask(region.shape.pixels, "metastasis")[0]) == 1


@given(arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.sampled_from([0, 1, 2, 65535])))
@settings(max_examples=60)
def test_each_number_of_a_map_is_a_region_however_many_pieces_it_has(numbers):
    regions = regions_of_numbers(numbers, "bladder")
    assert [int(region.identifier) for region in regions] == sorted(set(numbers.ravel().tolist()) - {0})
    for region in regions:
        mask = draw([region], numbers.shape).masks["bladder"]
        assert np.array_equal(mask, numbers == int(region.identifier))


def test_noise_of_countless_pieces_is_one_region(monkeypatch):
    monkeypatch.setattr(pieces, "MOST_PIECES", 3)
    mask = np.zeros((9, 9), bool)
    mask[::2, ::2] = True
    (region,), (note,) = regions_of_mask(mask, "metastasis")
    assert np.array_equal(draw([region], mask.shape).masks["metastasis"], mask)
    assert note == "the 25 pieces of metastasis are read as one region"


def test_pieces_around_each_other_do_not_fill_memory(monkeypatch):
    monkeypatch.setattr(pieces, "MOST_PIXELS", 500)
    mask = np.zeros((21, 21), bool)
    for ring in range(0, 10, 2):
        mask[ring : 21 - ring, ring : 21 - ring] = True
        mask[ring + 1 : 20 - ring, ring + 1 : 20 - ring] = False
    assert len(regions_of_mask(mask, "metastasis")[0]) == 1
    numbers = np.add.outer(np.arange(21), np.arange(21)).astype(np.uint16) % 7
    with pytest.raises(BadRegion, match="scattered"):
        regions_of_numbers(numbers, "metastasis")


def test_more_numbers_than_regions_are_refused(monkeypatch):
    monkeypatch.setattr(pieces, "MOST_PIECES", 3)
    with pytest.raises(BadRegion, match="4 numbers are more"):
        regions_of_numbers(np.arange(5, dtype=np.uint16).reshape(1, 5), "metastasis")
