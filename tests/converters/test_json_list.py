import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters import json_list
from converters.errors import UnreadableFile
from converters.json_list import elements, is_list

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text('a"\\[]{},é\n '),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('b"\\[{,'), inner, max_size=4),
    max_leaves=12,
)


def split(content, block=2**20):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_list, "BLOCK", block)
        return list(elements(io.BytesIO(content), "export.json"))


@settings(deadline=None)
@given(st.lists(values, max_size=5), st.booleans(), st.sampled_from([None, 1]), st.integers(1, 60))
def test_every_element_comes_alone_whatever_the_blocks(listed, ascii_only, indent, block):
    content = json.dumps(listed, ensure_ascii=ascii_only, indent=indent).encode()
    assert [json.loads(one) for one in split(content, block)] == listed


def test_a_byte_order_mark_and_space_around_the_list_are_no_matter():
    assert split(b"\xef\xbb\xbf \n[1, 2]\n ") == [b"1", b" 2"]
    assert is_list(b"\xef\xbb\xbf [")
    assert not is_list(b'{"a": []}')


def test_one_broken_element_costs_only_itself():
    assert split(b'[{"a": nonsense}, {"b": 1}]') == [b'{"a": nonsense}', b' {"b": 1}']


def test_an_element_that_is_too_large_is_passed_over_by_its_place(monkeypatch):
    monkeypatch.setattr(json_list, "MOST_BYTES", 10)
    content = json.dumps([1, "x" * 50, 2], separators=(",", ":")).encode()
    for block in (1, 7, 1000):
        assert split(content, block) == [b"1", None, b"2"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[1, 2", id="broken off between elements"),
        pytest.param(b'[{"a": 1', id="broken off in an element"),
        pytest.param(b'["a', id="broken off in a text"),
        pytest.param(b"[1] x", id="text behind"),
        pytest.param(b"[1] [2]", id="two lists"),
        pytest.param(b"[1]]", id="closed twice"),
        pytest.param(b"]", id="never opened"),
        pytest.param(b"x [1]", id="text before"),
        pytest.param(b"", id="nothing"),
    ],
)
@pytest.mark.parametrize("block", [1, 3, 1000])
def test_what_is_no_list_is_refused_by_name(content, block):
    with pytest.raises(UnreadableFile, match=r"export\.json"):
        split(content, block)
