"""COCO's run lengths: down the columns, background first.

The compressed form writes each length (from the fourth on, its difference from the one before the last) in groups of
5 bits, low groups first; a sixth bit says that more follow, and 48 makes each group a printable character.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from converters.errors import BadRegion
from converters.limits import MOST_PIXELS
from converters.outlines import shortened
from converters.regions import Mask
from converters.runs import painted, run_lengths

Integers = NDArray[np.int64]

FIRST_CHARACTER = 48
GROUP_BITS = 5
MORE = 1 << GROUP_BITS
SIGN = MORE >> 1
MOST_GROUPS = 7
"""Groups that hold the difference of any two 32-bit lengths."""

LARGEST = (1 << np.arange(1, MOST_GROUPS) * GROUP_BITS) >> 1
"""Least numbers that need 2, 3, … groups with their sign."""


def encode_coco(mask: Mask) -> dict[str, object]:
    """COCO's compressed run lengths `{"size": [rows, columns], "counts": text}` of a `(rows, columns)` bool mask."""
    lengths = run_lengths(mask.ravel(order="F"))
    numbers = lengths.copy()
    numbers[3:] -= lengths[1:-2]
    return {"size": [int(side) for side in mask.shape], "counts": _text(numbers)}


def decode_coco(rle: Mapping[str, object]) -> Mask:
    """The `(rows, columns)` mask of COCO run lengths, compressed (text or bytes) or a list of counts.

    Raises:
        BadRegion: damaged, or they do not add up to the image's size.
    """
    rows, columns = _size(rle.get("size"))
    told = rle.get("counts")
    if isinstance(told, list):
        lengths = _listed(told)
    elif isinstance(told, str | bytes):
        lengths = _from_text(told)
    else:
        raise BadRegion(f"{shortened(told)} is neither a list of run lengths nor COCO's text for one", field="counts")
    pixels = rows * columns
    wrong = lengths[(lengths < 0) | (lengths > pixels)]
    if len(wrong):
        raise BadRegion(f"there is no run of {wrong[0]} pixels in {rows} rows × {columns} columns", field="counts")
    total = int(lengths.sum())
    if total != pixels:
        message = f"run lengths add up to {total} pixels, {rows} rows × {columns} columns have {pixels}"
        raise BadRegion(message, field="counts")
    return painted(lengths).reshape(columns, rows).T


def _size(told: object) -> tuple[int, int]:
    if not isinstance(told, list | tuple) or len(told) != 2 or any(type(side) is not int or side < 0 for side in told):
        raise BadRegion(f"{shortened(told)} is no size [rows, columns]", field="size")
    rows, columns = told
    if rows * columns > MOST_PIXELS:
        raise BadRegion(f"{rows} rows × {columns} columns are more than {MOST_PIXELS:,} pixels", field="size")
    return rows, columns


def _listed(told: list[object]) -> Integers:
    for length in told:
        if type(length) is not int or not 0 <= length <= MOST_PIXELS:
            raise BadRegion(f"{shortened(length)} is no number of pixels", field="counts")
    return np.array(told, np.int64)


def _text(numbers: Integers) -> str:
    groups = 1 + np.searchsorted(LARGEST, numbers ^ (numbers >> 63), side="right")
    place = _places_within(groups)
    characters = (np.repeat(numbers, groups) >> GROUP_BITS * place) & (MORE - 1)
    characters += np.where(place < np.repeat(groups, groups) - 1, MORE, 0) + FIRST_CHARACTER
    return characters.astype(np.uint8).tobytes().decode("ascii")


def _from_text(told: str | bytes) -> Integers:
    text = told.encode("utf-8", "surrogatepass") if isinstance(told, str) else told
    # Characters below the first wrap around to large ones.
    characters = np.frombuffer(text, np.uint8) - np.uint8(FIRST_CHARACTER)
    if (characters >= 2 * MORE).any():
        raise BadRegion(f"{shortened(told)} holds characters that COCO's run lengths do not use", field="counts")
    last = np.flatnonzero(characters < MORE)
    if len(characters) and (not len(last) or last[-1] != len(characters) - 1):
        raise BadRegion("the run lengths break off; export the mask again", field="counts")
    groups = np.diff(last, prepend=-1)
    if groups.max(initial=0) > MOST_GROUPS:
        raise BadRegion(f"a run length of {groups.max()} characters; export the mask again", field="counts")
    if not len(groups):
        return groups
    bits = (characters & (MORE - 1)).astype(np.int64) << GROUP_BITS * _places_within(groups)
    numbers = np.add.reduceat(bits, last - groups + 1)
    numbers -= np.where(characters[last] & SIGN, 1 << GROUP_BITS * groups, 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def _places_within(groups: Integers) -> Integers:
    """0, 1, … for the groups of each number."""
    return np.arange(groups.sum()) - np.repeat(np.cumsum(groups) - groups, groups)
