"""Finding the few places where many pixels change."""

import numpy as np
from numpy.typing import NDArray

WORD = 8
"""Bytes that are looked at together."""


def steps(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How each byte differs from the one before it, modulo 256, the first from 0; zeros fill up the last word."""
    size = len(pixels)
    stepped = np.zeros(-(-size // WORD) * WORD, np.uint8)
    stepped[:1] = pixels[:1]
    np.subtract(pixels[1:], pixels[:-1], out=stepped[1:size])
    return stepped


def places(stepped: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The indices of the bytes that are not 0, ascending; fast where nearly all are.

    Args:
        stepped: of whole words, as `steps` gives it.
    """
    words = (stepped.view(np.uint64) != 0).nonzero()[0]
    within = (stepped.reshape(-1, WORD)[words] != 0).ravel().nonzero()[0]
    found: NDArray[np.int64] = words[within // WORD] * WORD + (within & (WORD - 1))
    return found
