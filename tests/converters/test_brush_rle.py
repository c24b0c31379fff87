import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from label_studio_sdk.converter import brush

from converters.brush_rle import decode_brush, encode_brush
from converters.errors import BadRegion

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def digits_of(values, word, sizes, cuts):
    """A stream of `values`: `cuts` says, run by run, whether it is repeated, which size it has, how long it may be."""
    digits = f"{len(values):032b}{word - 1:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    done = 0
    while done < len(values):
        repeated, kind, longest = next(cuts)
        run = values[done : done + min(longest, 1 << sizes[kind])]
        if repeated:
            run = run[: next((n for n, value in enumerate(run) if value != run[0]), len(run))]
        words = run[:1] if repeated else run
        digits += f"{repeated:b}{kind:02b}{len(run) - 1:0{sizes[kind]}b}"
        digits += "".join(f"{value:0{word}b}" for value in words)
        done += len(run)
    return digits


def packed(digits):
    return [int(digits[start : start + 8].ljust(8, "0"), 2) for start in range(0, len(digits), 8)]


@st.composite
def strokes(draw):
    """Any stream that the format allows for a small image."""
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    word = draw(st.integers(1, 32))
    sizes = draw(st.lists(st.integers(1, 16), min_size=4, max_size=4))
    value = st.sampled_from([0, 1, min(255, 2**word - 1)])
    values = draw(st.lists(value, min_size=rows * columns * 4, max_size=rows * columns * 4))
    if draw(st.booleans()):
        values = [values[index // 4] for index in range(len(values))]
    cut = st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 40))
    cuts = draw(st.lists(cut, min_size=1, max_size=20))
    endless = itertools.cycle(cuts)
    return packed(digits_of(values, word, sizes, endless)), rows, columns


def by_sdk(stroke, rows, columns):
    return brush.decode_rle(stroke).reshape(rows, columns, 4)[..., 3] > 0


def read_or_refused(stroke, rows, columns):
    """The mask as lists, or the field that the refusal names."""
    try:
        return decode_brush(stroke, rows, columns).tolist()
    except BadRegion as error:
        return error.field


def whole_body():
    mask = np.zeros((1024, 256), bool)
    rows, columns = np.mgrid[:1024, :256]
    for row, column, radius in ((200, 120, 9), (430, 140, 4), (520, 128, 14), (700, 100, 1), (1023, 255, 6)):
        mask |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return mask


LARGE = {
    "whole body": whole_body(),
    "empty": np.zeros((1024, 256), bool),
    "full": np.ones((1024, 256), bool),
    "a run of one word": np.ones((128, 128), bool),
    "a run of one word and a bit": np.ones((113, 145), bool),
    "half": np.arange(1024 * 256).reshape(1024, 256) >= 100_001,
    "noise": np.random.default_rng(0).random((300, 217)) < 0.5,
}


@given(masks)
def test_the_bytes_are_those_of_label_studios_own_encoder(mask):
    assert encode_brush(mask) == brush.mask2rle(255 * mask.astype(np.uint8))


@pytest.mark.parametrize("mask", LARGE.values(), ids=LARGE)
def test_large_masks_are_written_and_read_as_label_studio_does(mask):
    stroke = encode_brush(mask)
    assert stroke == brush.mask2rle(255 * mask.astype(np.uint8))
    assert np.array_equal(decode_brush(stroke, *mask.shape), mask)


@given(masks)
def test_brush_strokes_come_back_exactly(mask):
    assert np.array_equal(decode_brush(encode_brush(mask), *mask.shape), mask)


@given(strokes())
def test_any_word_size_run_size_and_mix_of_runs_is_read_as_label_studio_does(stroke):
    assert np.array_equal(decode_brush(*stroke), by_sdk(*stroke))


@given(arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(4))))
def test_only_alpha_counts_and_any_alpha_but_0_is_painted(image):
    stroke = brush.encode_rle(image.ravel().astype(int))
    assert np.array_equal(decode_brush(stroke, *image.shape[:2]), image[..., 3] > 0)


def test_a_long_literal_run_is_read():
    image = np.random.default_rng(1).integers(0, 3, (64, 64, 4))
    stroke = packed(digits_of(image.ravel().tolist(), 8, [3, 4, 8, 16], iter([(False, 3, 2**16)])))
    assert np.array_equal(decode_brush(stroke, 64, 64), image[..., 3] > 0)


def test_words_that_do_not_fit_a_byte_are_read():
    values = [0, 0, 0, 2**32 - 1, 9, 9, 9, 0]
    stroke = packed(digits_of(values, 32, [1, 2, 3, 4], iter([(False, 3, 8)])))
    assert decode_brush(stroke, 1, 2).tolist() == [[True, False]]


def test_what_stands_behind_the_last_run_does_not_matter():
    assert decode_brush([*encode_brush(np.eye(4, dtype=bool)), 255, 1, 2, 3], 4, 4).tolist() == np.eye(4).tolist()


@given(strokes(), st.data())
def test_a_stroke_that_is_cut_off_is_refused_or_keeps_its_mask(stroke, data):
    whole, rows, columns = stroke
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    read = read_or_refused(cut, rows, columns)
    assert read in ("value.rle", by_sdk(*stroke).tolist())


@given(strokes(), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=5))
def test_a_stroke_with_other_bytes_is_a_mask_or_refused(stroke, edits):
    edited, rows, columns = stroke
    for place, value in edits:
        edited[place % len(edited)] = value
    read = read_or_refused(edited, rows, columns)
    assert read == "value.rle" or np.shape(read) == (rows, columns)


GOOD = encode_brush(np.eye(4, dtype=bool))
HEADER = f"{64:032b}" + f"{7:05b}" + "".join(f"{size - 1:04b}" for size in (3, 4, 8, 16))


@pytest.mark.parametrize(
    ("stroke", "says"),
    [
        pytest.param([], "breaks off", id="empty"),
        pytest.param(GOOD[:6], "breaks off", id="within the header"),
        pytest.param(GOOD[:7], "breaks off", id="only a header"),
        pytest.param(GOOD[:-4], "breaks off", id="truncated"),
        pytest.param(packed(HEADER + "110" + "00111111"), "breaks off", id="before the last word"),
        pytest.param(packed(HEADER + "010" + "00111111" + "1" * 8 * 63), "breaks off", id="a literal run too short"),
        pytest.param([255] * 8, "values", id="of another size"),
        pytest.param([0] * 20, "values", id="of no size"),
        pytest.param(packed(HEADER + "111" + "1" * 16 + "1" * 8), "past the end", id="past the end of the image"),
        pytest.param(packed(HEADER + "010" + "1" * 8 + "1" * 8 * 256), "past the end", id="literal past the end"),
        pytest.param([300, 1], "bytes.*300", id="more than a byte"),
        pytest.param([*GOOD, -1], "bytes.*-1", id="less than a byte"),
        pytest.param([10**30], "bytes", id="far more than a byte"),
        pytest.param(["a"], "bytes.*'a'", id="text"),
        pytest.param([*GOOD[:-1], 0.0], r"bytes.*0\.0", id="a fraction"),
        pytest.param([*GOOD[:-1], True], "bytes.*True", id="true"),
        pytest.param([*GOOD[:-1], None], "bytes.*None", id="null"),
        pytest.param([GOOD], "bytes", id="a list within the list"),
    ],
)
def test_a_damaged_stroke_is_refused(stroke, says):
    with pytest.raises(BadRegion, match=says) as refused:
        decode_brush(stroke, 4, 4)
    assert refused.value.field == "value.rle"


def test_a_long_stroke_for_a_small_image_takes_no_memory():
    stroke = GOOD + [0] * 10**6
    tracemalloc.start()
    decode_brush(stroke, 4, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(stroke)
