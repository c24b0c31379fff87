import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.coco_rle import decode_coco, encode_coco
from converters.errors import BadRegion

masks = arrays(bool, st.tuples(st.integers(0, 12), st.integers(0, 12)))


def disc():
    rows, columns = np.mgrid[:1024, :256]
    return (columns - 128) ** 2 + (rows - 500) ** 2 <= 12**2


def frame():
    mask = np.zeros((40, 30), bool)
    mask[5:35, 4:26] = True
    mask[15:20, 10:15] = False
    return mask


def last_pixel_but_far():
    mask = np.zeros((3000, 2), bool)
    mask[2999, 1] = True
    return mask


OF_PYCOCOTOOLS = {
    "three of four": (np.array([[True, False], [True, True]]), "021O"),
    "background": (np.zeros((1024, 256), bool), "PPP8"),
    "foreground": (np.ones((1024, 256), bool), "0PPP8"),
    "no pixels": (np.zeros((0, 3), bool), "0"),
    "diagonal": (np.eye(6, dtype=bool), "016000000000"),
    "checkerboard": (np.indices((7, 5)).sum(axis=0) % 2 == 1, "11100000000000000000000000000000000"),
    "frame": (frame(), "U5n0:0000000000\\OK55KK55KK55KK55KK55?00000000000000000000k4"),
    "disc": (disc(), "d_d31ko08J4M2N2N2N2O0O2O00000O20N1000001N101N2N2N2N3L6H``b3"),
    "one pixel after many": (last_pixel_but_far(), "_k51"),
}
"""Masks and what pycocotools 2 writes for them."""


@pytest.mark.parametrize(("mask", "text"), OF_PYCOCOTOOLS.values(), ids=OF_PYCOCOTOOLS)
def test_the_text_is_that_of_pycocotools(mask, text):
    assert encode_coco(mask) == {"size": list(mask.shape), "counts": text}


@pytest.mark.parametrize("kind", [str, str.encode], ids=["text", "bytes"])
@pytest.mark.parametrize(("mask", "text"), OF_PYCOCOTOOLS.values(), ids=OF_PYCOCOTOOLS)
def test_the_text_of_pycocotools_is_read(mask, text, kind):
    assert np.array_equal(decode_coco({"size": list(mask.shape), "counts": kind(text)}), mask)


@given(masks)
def test_run_lengths_come_back_exactly(mask):
    assert np.array_equal(decode_coco(encode_coco(mask)), mask)


@given(st.lists(st.integers(0, 2000), max_size=30))
def test_text_and_list_of_the_same_lengths_are_the_same_mask(lengths):
    size = [sum(lengths), 1]
    mask = decode_coco({"size": size, "counts": lengths})
    assert mask.shape == tuple(size)
    assert np.array_equal(mask[:, 0], np.repeat(np.arange(len(lengths)) % 2 == 1, lengths))
    assert np.array_equal(decode_coco(encode_coco(mask)), mask)


def test_runs_go_down_the_columns_and_begin_with_background():
    mask = np.array([[True, False], [True, True]])
    assert np.array_equal(decode_coco({"size": [2, 2], "counts": [0, 2, 1, 1]}), mask)


def test_a_mask_is_written_alike_however_it_lies_in_memory():
    mask = disc()
    assert encode_coco(np.asfortranarray(mask)) == encode_coco(mask) == encode_coco(np.kron(mask, [[1, 1]])[:, ::2] > 0)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        pytest.param([1, 1], "add up to 2 .* 4", id="too few pixels"),
        pytest.param([], "add up to 0", id="no runs"),
        pytest.param("", "add up to 0", id="no text"),
        pytest.param([3, 3], "add up to 6", id="too many pixels"),
        pytest.param([5, -1], "-1", id="negative"),
        pytest.param([10**30], "10000000", id="huge"),
        pytest.param([2**62, 2**62, 2**62, 2**62, 4], "no number of pixels", id="huge, and 4 modulo 2⁶⁴"),
        pytest.param([4.0], r"4\.0", id="a fraction"),
        pytest.param([float("nan")], "nan", id="not a number"),
        pytest.param([True, 3], "True", id="true"),
        pytest.param(["4"], "'4'", id="text in the list"),
        pytest.param([[4]], r"\[4\]", id="a list in the list"),
        pytest.param(None, "None", id="null"),
        pytest.param(4, "4 is neither", id="a number"),
        pytest.param({"0": 4}, "neither", id="an object"),
        pytest.param("Ω", "characters", id="not ASCII"),
        pytest.param("\udc80", "characters", id="half a character"),
        pytest.param("4 ", "characters", id="a blank"),
        pytest.param("p", "characters", id="a character beyond the last"),
        pytest.param("`", "break off", id="a number without end"),
        pytest.param("o" * 100_000 + "0", "100001 characters", id="a number of endless groups"),
        pytest.param("oooooo7", "no run of", id="a number larger than any image"),
        pytest.param("oooooo@", "no run of -", id="a negative number of many groups"),
        pytest.param("O5", "no run of -1", id="a negative number"),
    ],
)
def test_damaged_run_lengths_are_refused(counts, says):
    with pytest.raises(BadRegion, match=says) as refused:
        decode_coco({"size": [2, 2], "counts": counts})
    assert refused.value.field == "counts"


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(None, id="missing"),
        pytest.param([4], id="one side"),
        pytest.param([-2, -2], id="negative"),
        pytest.param([2.0, 2.0], id="fractions"),
        pytest.param([True, 4], id="true"),
        pytest.param("22", id="text"),
        pytest.param([10**9, 10**9], id="more pixels than any image"),
        pytest.param([[2], 2], id="a list in the list"),
    ],
)
def test_a_size_that_means_nothing_is_refused(size):
    with pytest.raises(BadRegion) as refused:
        decode_coco({"size": size, "counts": [4]})
    assert refused.value.field == "size"


def shape_or_refusal(rle):
    try:
        return decode_coco(rle).shape
    except BadRegion as error:
        return error.field


@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=40))
def test_any_text_is_a_mask_or_refused(text):
    assert shape_or_refusal({"size": [8, 8], "counts": text}) in ((8, 8), "counts")
