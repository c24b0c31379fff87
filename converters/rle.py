"""Run-length encodings of masks: Label Studio's brush and COCO's.

Label Studio packs the RGBA pixels of the whole image, row by row, as the thi.ng `rle-pack` bit stream: 32 bits number
of values, 5 bits word size − 1, four times 4 bits run size − 1; then, per run, 1 bit "repeated", 2 bits which run size,
the length − 1 in so many bits, and one word (repeated) or one word per value. The mask is where alpha is not 0.
COCO counts runs down the columns, starting with background; its compressed form writes each count (from the third on,
its difference from the one before the last) in 5-bit groups, low first, as printable characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converters.errors import BadRegion
from converters.regions import Mask

CHANNELS = 4
RUN_BITS = (4, 8, 12, 16)
"""Run sizes that are written; any may be read."""


@dataclass
class _Bits:
    """Reads a bit stream from its first, most significant bit."""

    bits: NDArray[np.uint8]
    position: int = 0

    def read(self, count: int) -> int:
        end = self.position + count
        if end > len(self.bits):
            raise BadRegion("the brush stroke breaks off; export it again", field="value.rle")
        value = int.from_bytes(np.packbits(np.pad(self.bits[self.position : end], (-count % 8, 0))).tobytes())
        self.position = end
        return value

    def words(self, count: int, size: int) -> NDArray[np.int64]:
        end = self.position + count * size
        if end > len(self.bits):
            raise BadRegion("the brush stroke breaks off; export it again", field="value.rle")
        digits = self.bits[self.position : end].reshape(count, size).astype(np.int64)
        self.position = end
        return digits @ (1 << np.arange(size - 1, -1, -1, dtype=np.int64))


def decode_brush(rle: Sequence[int], rows: int, columns: int) -> Mask:
    """The `(rows, columns)` mask of a Label Studio brush stroke.

    Raises:
        BadRegion: damaged, or of another size.
    """
    try:
        stream = _Bits(np.unpackbits(np.asarray(rle, np.uint8)))
    except (OverflowError, TypeError, ValueError) as error:
        raise BadRegion(f"the brush stroke is no list of bytes ({error})", field="value.rle") from error
    total, word = stream.read(32), stream.read(5) + 1
    if total != rows * columns * CHANNELS:
        message = (
            f"the brush stroke has {total} values, {rows} rows × {columns} columns need {rows * columns * CHANNELS}"
        )
        raise BadRegion(message, field="value.rle")
    sizes = [stream.read(4) + 1 for _ in range(4)]
    painted = np.zeros(total, bool)
    done = 0
    while done < total:
        repeated = stream.read(1)
        length = stream.read(sizes[stream.read(2)]) + 1
        if done + length > total:
            raise BadRegion("the brush stroke runs past the end of the image", field="value.rle")
        painted[done : done + length] = (stream.read(word) if repeated else stream.words(length, word)) != 0
        done += length
    return painted.reshape(rows, columns, CHANNELS)[..., -1]


def encode_brush(mask: Mask) -> list[int]:
    """Label Studio's brush stroke for a `(rows, columns)` bool mask: opaque white on transparent."""
    values = np.repeat(mask.ravel(), CHANNELS)
    head = [_bits(len(values), 32), _bits(7, 5), *(_bits(size - 1, 4) for size in RUN_BITS)]
    body = [piece for length, painted in _runs(values) for piece in _packed(length, 255 if painted else 0)]
    digits = np.frombuffer("".join([*head, *body]).encode("ascii"), np.uint8) - ord("0")
    return [int(byte) for byte in np.packbits(digits)]


def encode_coco(mask: Mask) -> dict[str, object]:
    """COCO's compressed run lengths `{"size": [rows, columns], "counts": text}`."""
    counts = _coco_counts(mask)
    deltas = [count - counts[index - 2] if index > 2 else count for index, count in enumerate(counts)]
    return {"size": [int(side) for side in mask.shape], "counts": "".join(map(_characters, deltas))}


def decode_coco(rle: dict[str, object]) -> Mask:
    """The mask of COCO run lengths, compressed or a list of counts.

    Raises:
        BadRegion: they do not add up to the image.
    """
    rows, columns = (int(side) for side in rle["size"])  # type: ignore[attr-defined]
    told = rle["counts"]
    counts = _from_characters(told) if isinstance(told, str) else [int(count) for count in told]  # type: ignore[attr-defined]
    if sum(counts) != rows * columns or min(counts, default=0) < 0:
        raise BadRegion(f"run lengths add up to {sum(counts)}, the image has {rows * columns} pixels", field="counts")
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(columns, rows).T


def _runs(values: NDArray[np.bool_]) -> Iterable[tuple[int, bool]]:
    if not len(values):
        return []
    starts = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1, [len(values)]])
    return zip(np.diff(starts).tolist(), values[starts[:-1]].tolist(), strict=True)


def _packed(length: int, value: int) -> Iterable[str]:
    longest = 1 << RUN_BITS[-1]
    while length:
        run = min(length, longest)
        index = next(index for index, size in enumerate(RUN_BITS) if run <= 1 << size)
        yield "1" + _bits(index, 2) + _bits(run - 1, RUN_BITS[index]) + _bits(value, 8)
        length -= run


def _bits(value: int, size: int) -> str:
    return f"{value:0{size}b}"


def _coco_counts(mask: Mask) -> list[int]:
    runs = list(_runs(mask.T.ravel()))
    return [0] * bool(runs and runs[0][1]) + [length for length, _ in runs]


def _characters(number: int) -> str:
    text = ""
    while True:
        group = number & 0x1F
        number >>= 5
        more = number != (-1 if group & 0x10 else 0)
        text += chr((group | (0x20 if more else 0)) + 48)
        if not more:
            return text


def _from_characters(text: str) -> list[int]:
    counts: list[int] = []
    number = shift = 0
    for character in text:
        group = ord(character) - 48
        number |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            number -= 1 << shift
        counts.append(number + counts[-2] if len(counts) > 2 else number)
        number = shift = 0
    return counts
