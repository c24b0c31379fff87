import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.errors import BadRegion
from converters.rle import decode_brush, decode_coco, encode_brush, encode_coco

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(masks)
def test_brush_strokes_come_back_exactly(mask):
    assert np.array_equal(decode_brush(encode_brush(mask), *mask.shape), mask)


def test_runs_longer_than_one_word_come_back():
    mask = np.zeros((1024, 256), bool)
    mask[300:900] = True
    assert np.array_equal(decode_brush(encode_brush(mask), 1024, 256), mask)


def test_strokes_of_single_values_are_read():
    bits = f"{8:032b}" + f"{7:05b}" + f"{2:04b}" * 4 + "0" + "00" + "111" + "".join(f"{v:08b}" for v in range(8))
    stroke = [int(bits[start : start + 8].ljust(8, "0"), 2) for start in range(0, len(bits), 8)]
    assert decode_brush(stroke, 1, 2).tolist() == [[True, True]]


@given(masks)
def test_coco_run_lengths_come_back_exactly(mask):
    assert np.array_equal(decode_coco(encode_coco(mask)), mask)


def test_coco_runs_go_down_the_columns_and_begin_with_background():
    mask = np.array([[True, False], [True, True]])
    assert encode_coco(mask) == {"size": [2, 2], "counts": "021O"}
    assert np.array_equal(decode_coco({"size": [2, 2], "counts": [0, 2, 1, 1]}), mask)


GOOD = encode_brush(np.eye(4, dtype=bool))


@pytest.mark.parametrize(
    ("stroke", "says"),
    [
        pytest.param([], "breaks off", id="empty"),
        pytest.param(GOOD[:-4], "breaks off", id="truncated"),
        pytest.param([255] * 8, "values", id="of another size"),
        pytest.param([300, 1], "bytes", id="not bytes"),
        pytest.param(["a"], "bytes", id="not numbers"),
    ],
)
def test_a_damaged_stroke_is_refused(stroke, says):
    with pytest.raises(BadRegion, match=says):
        decode_brush(stroke, 4, 4)


def test_coco_runs_that_do_not_add_up_are_refused():
    with pytest.raises(BadRegion, match="add up"):
        decode_coco({"size": [2, 2], "counts": [1, 1]})
