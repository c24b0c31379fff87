"""Masks as lengths of runs of equal pixels, one after another: background first, then foreground, and so on."""

import numpy as np
from numpy.typing import NDArray

from converters.regions import Mask
from converters.sparse import places, steps

Integers = NDArray[np.int64]


def run_lengths(pixels: Mask) -> Integers:
    """The lengths of the runs of a flat mask; the first, of background, is 0 where the mask begins with foreground."""
    changes = places(steps(np.asarray(pixels, bool).view(np.uint8)))
    return np.diff(np.concatenate([[0], changes, [len(pixels)]]))


def painted(lengths: Integers) -> Mask:
    """The flat mask whose runs have these lengths."""
    ends = np.cumsum(lengths)
    mask = np.zeros(ends[-1] if len(ends) else 0, bool)
    for begin, end in zip(ends[:-1:2].tolist(), ends[1::2].tolist(), strict=True):
        mask[begin:end] = True
    return mask
