"""Masks as JSON, for the way between Scintiloop's process and the peers'."""

import base64

import numpy as np


def packed(mask):
    """A `(rows, columns)` bool mask as JSON."""
    return {"shape": list(mask.shape), "bits": base64.b64encode(np.packbits(mask).tobytes()).decode("ascii")}


def unpacked(said):
    """The mask that `packed` said."""
    rows, columns = said["shape"]
    bits = np.unpackbits(np.frombuffer(base64.b64decode(said["bits"]), np.uint8), count=rows * columns)
    return bits.astype(bool).reshape(rows, columns)
