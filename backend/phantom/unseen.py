"""Lesions that the counts hold and the pictures do not show: cut off by a window, or lost where all is black."""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from backend.measures.lesions import EIGHT_CONNECTED, components
from backend.phantom.clouds import Floats
from backend.records import SubImage, Window
from converters.regions import Mask

RING = 4
"""Pixels around a lesion that it is seen against."""
LEAST_CONTRAST = 8.0
"""Grey levels, mean inside against mean around, that some window must show."""


def unseen(sub_images: Mapping[Window, SubImage], metastasis: Mask) -> Mask:
    """Pixels of the lesions that no window shows: nobody could outline them, so they should teach nothing.

    Args:
        sub_images: by window, each `(1024, 256)` uint8, 0 = hottest; metastasis: bool of that shape.
    """
    labels, count = components(metastasis)
    found = np.zeros_like(metastasis)
    for number, box in enumerate(ndimage.find_objects(labels, count), start=1):
        rows, columns = (slice(max(side.start - RING, 0), side.stop + RING) for side in box)
        inside = labels[rows, columns] == number
        around = ndimage.binary_dilation(inside, EIGHT_CONNECTED, iterations=RING) & ~metastasis[rows, columns]
        pictures = [image[rows, columns].astype(float) for image in sub_images.values()]
        contrast = max((_contrast(picture, inside, around) for picture in pictures), default=0.0)
        found[rows, columns] |= inside & (contrast < LEAST_CONTRAST)
    return found


def _contrast(picture: Floats, inside: Mask, around: Mask) -> float:
    return float(picture[around].mean() - picture[inside].mean()) if around.any() else 0.0
