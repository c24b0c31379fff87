"""Masks as blobs: PNG, uint8, 0 or 255. The same mask gives the same bytes."""

import numpy as np

from backend.store.blobs import BlobStore
from backend.store.images import decode_png, encode_png
from converters.regions import Mask


def put_mask(blobs: BlobStore, mask: Mask) -> str:
    """Keeps a `(rows, columns)` bool mask; returns its SHA-256."""
    return blobs.put(encode_png(mask.astype(np.uint8) * 255))


def load_mask(blobs: BlobStore, sha256: str) -> Mask:
    """The mask that `put_mask` kept.

    Raises:
        NotFound: the blob is missing.
    """
    return decode_png(blobs.get(sha256)) > 127
