"""Label Studio's brush strokes.

A stroke packs the RGBA bytes of the whole image, row by row, as the thi.ng `rle-pack` bit stream: 32 bits number of
values, 5 bits word size − 1, four times 4 bits run size − 1; then, per run, 1 bit "repeated", 2 bits which run size,
the length − 1 in so many bits, and one word (repeated) or one word per value (literal). Label Studio's own page shows
every pixel whose alpha is not 0, the half-transparent ones at the rim of a stroke too, and its SDK outlines the same
pixels: those are painted here.
"""

from collections.abc import Sequence
from operator import countOf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from converters.errors import BadRegion
from converters.outlines import shortened
from converters.regions import Mask
from converters.runs import run_lengths

CHANNELS = 4
HEADER_BITS = 32 + 5 + 4 * 4
REPEATED = 4
"""Repeated runs begin with a 1 and two bits, literal ones with a 0."""
WORD_BITS = 8
OPAQUE = 255
RUN_BITS = (3, 4, 8, 16)
"""Word and run sizes that are written, which are the page's and the SDK's; any are read."""

LONGEST_RUN = 1 << RUN_BITS[-1]

FIELD_BITS = 3 + 16
"""Bits of a run before its words, at most."""

BEHIND = bytes(16)
"""Zeros put behind a stream, so that 64 bits can be read anywhere in it."""

Bits = NDArray[np.uint64]
Integers = NDArray[np.int64]


class _Stream(NamedTuple):
    """A bit stream, `end` bits long and BEHIND it, and what its header says."""

    data: bytes
    end: int
    values: int
    word: int
    sizes: tuple[int, ...]


class _Runs(NamedTuple):
    """Runs of values, from `begins` to before `ends`, whose first `word` is at the bit `places`."""

    begins: Integers
    ends: Integers
    word: Bits
    places: Integers
    literal: NDArray[np.bool_]

    def part(self, which: NDArray[np.bool_] | slice) -> "_Runs":
        return _Runs(self.begins[which], self.ends[which], self.word[which], self.places[which], self.literal[which])


def decode_brush(rle: Sequence[int], rows: int, columns: int) -> Mask:
    """The `(rows, columns)` mask of a Label Studio brush stroke: where its alpha is not 0.

    Raises:
        BadRegion: damaged, or of another size.
    """
    stream = _opened(_bytes_of(rle))
    pixels = rows * columns
    if stream.values != pixels * CHANNELS:
        needed = f"{rows} rows × {columns} columns need {pixels * CHANNELS}"
        raise BadRegion(f"the brush stroke has {stream.values} values, {needed}", field="value.rle")
    runs = _runs(stream)
    # The n-th pixel's alpha is the value 4n + 3.
    begins, ends = runs.begins // CHANNELS, runs.ends // CHANNELS
    shown = ((runs.word != 0) & ~runs.literal).nonzero()[0]
    mask = np.zeros(pixels, bool)
    for begin, end in zip(begins[shown].tolist(), ends[shown].tolist(), strict=True):
        mask[begin:end] = True
    if runs.literal.any():
        _paint_literals(mask, stream, runs.part(runs.literal))
    return mask.reshape(rows, columns)


def encode_brush(mask: Mask) -> list[int]:
    """Label Studio's brush stroke for a `(rows, columns)` bool mask, opaque white on transparent.

    The bytes are those of `label_studio_sdk.converter.brush.mask2rle(255 * mask)`.
    """
    lengths = CHANNELS * run_lengths(np.ravel(mask))
    values = np.arange(len(lengths)) % 2 * OPAQUE
    kinds = np.searchsorted([1 << size for size in RUN_BITS[:-1]], lengths)
    # Too long runs are split; all their pieces have the largest size.
    pieces = -(-lengths // LONGEST_RUN)
    is_last = np.zeros(pieces.sum(), bool)
    is_last[np.cumsum(pieces)[pieces > 0] - 1] = True
    values, kinds = np.repeat(values, pieces), np.repeat(kinds, pieces)
    lengths = np.where(is_last, np.repeat(lengths - (pieces - 1) * LONGEST_RUN, pieces), LONGEST_RUN)
    sizes = np.array(RUN_BITS)[kinds]
    repeated = (4 | kinds) << (sizes + WORD_BITS)
    head = [(mask.size * CHANNELS, 32), (WORD_BITS - 1, 5), *((size - 1, 4) for size in RUN_BITS)]
    told = np.array([number for number, _ in head] + (repeated | ((lengths - 1) << WORD_BITS) | values).tolist())
    return _packed(told, np.concatenate([[bits for _, bits in head], 3 + sizes + WORD_BITS]))


def _packed(numbers: Integers, bits: Integers) -> list[int]:
    """Numbers of at most 32 bits each behind one another, and then 1 to 8 zeros up to a whole byte."""
    left = (numbers << (32 - bits)).astype(">u4").view(np.uint8).reshape(-1, 4)
    digits = np.unpackbits(left, axis=1)[np.arange(32) < bits[:, None]]
    whole = len(digits) // 8 + 1
    packed: list[int] = np.packbits(np.pad(digits, (0, 8 * whole - len(digits)))).tolist()
    return packed


def _bytes_of(rle: Sequence[int]) -> bytes:
    if countOf(map(type, rle), int) == len(rle):
        try:
            return bytes(rle)
        except ValueError:
            pass
    wrong = next(value for value in rle if type(value) is not int or not 0 <= value < 256)
    raise BadRegion(f"the brush stroke is no list of bytes: it holds {shortened(wrong)}", field="value.rle")


def _opened(data: bytes) -> _Stream:
    if 8 * len(data) < HEADER_BITS:
        raise _broken_off()
    head = int.from_bytes(data[:7])
    values, word = head >> 24, ((head >> 19) & 31) + 1
    sizes = tuple([((head >> shift) & 15) + 1 for shift in (15, 11, 7, 3)])
    # No image of this size needs more.
    useful = data[: (HEADER_BITS + values * (FIELD_BITS + word)) // 8 + 1]
    return _Stream(useful + BEHIND, 8 * len(useful), values, word, sizes)


def _runs(stream: _Stream) -> _Runs:
    """The runs that fill the image."""
    digits = np.unpackbits(np.frombuffer(stream.data, np.uint8))
    kinds = 4 * digits[:-2] + 2 * digits[1:-1] + digits[2:]
    places = np.array(_places(stream, kinds), np.int64)
    kinds = kinds[places]
    sizes = np.array(2 * stream.sizes)[kinds]
    fields = _bits_at(stream, places)
    lengths = ((fields << 3) >> (64 - sizes).view(np.uint64)).view(np.int64) + 1
    ends = lengths.cumsum()
    used = int(ends.searchsorted(stream.values)) + 1
    if used > len(ends):
        raise _broken_off()
    if ends[used - 1] > stream.values:
        raise BadRegion("the brush stroke runs past the end of the image; export it again", field="value.rle")
    words = (fields << (3 + sizes).view(np.uint64)) >> (64 - stream.word)
    runs = _Runs(ends - lengths, ends, words, places + 3 + sizes, kinds < REPEATED).part(slice(used))
    last_words = int(lengths[used - 1]) if runs.literal[-1] else 1
    if runs.places[-1] + last_words * stream.word > stream.end:
        raise _broken_off()
    return runs


def _places(stream: _Stream, kinds: NDArray[np.uint8]) -> list[int]:
    """The bits at which runs begin, up to the end of the stream; `kinds` is the number of 3 bits from each bit on."""
    # A repeated run is as long as its size and one word; 0 stands for a literal one.
    advances = bytes([0] * REPEATED + [3 + size + stream.word for size in stream.sizes]).ljust(256, b"\0")
    advance = kinds.tobytes().translate(advances)
    places = []
    place, end = HEADER_BITS, stream.end
    while place < end:
        places.append(place)
        place += advance[place] or _literal_bits(stream, place)
    return places


def _literal_bits(stream: _Stream, place: int) -> int:
    field = int.from_bytes(stream.data[place // 8 : place // 8 + 4]) >> (32 - FIELD_BITS - place % 8)
    size = stream.sizes[(field >> (FIELD_BITS - 3)) & 3]
    length = ((field >> (FIELD_BITS - 3 - size)) & ((1 << size) - 1)) + 1
    return 3 + size + length * stream.word


def _paint_literals(mask: Mask, stream: _Stream, runs: _Runs) -> None:
    first = runs.begins // CHANNELS
    count = runs.ends // CHANNELS - first
    pixels = np.repeat(first - count.cumsum() + count, count) + np.arange(count.sum())
    values = CHANNELS * pixels + CHANNELS - 1 - np.repeat(runs.begins, count)
    places = np.repeat(runs.places, count) + values * stream.word
    mask[pixels[_bits_at(stream, places) >> (64 - stream.word) != 0]] = True


def _bits_at(stream: _Stream, places: Integers) -> Bits:
    """At least 57 bits from each place on, the first in the highest bit."""
    windows: NDArray[np.uint64] = np.ndarray(len(stream.data) - 7, ">u8", stream.data, strides=(1,))
    bits: Bits = windows[places >> 3].astype(np.uint64) << (places & 7).view(np.uint64)
    return bits


def _broken_off() -> BadRegion:
    return BadRegion("the brush stroke breaks off; export it again", field="value.rle")
