"""Lesions by number: 8-connected components of a mask, those that a reader grouped under one number."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from converters.drawn import DrawnImage
from converters.errors import WouldLose
from converters.pieces import EIGHT_CONNECTED
from converters.rasterise import Drawing
from converters.regions import Label

HIGHEST = 2**16 - 1

Numbers = NDArray[np.uint16]
"""`(rows, columns)`: 0 where nothing is, else the lesion's number, from 1, by first pixel from the top."""


def instances_of(drawn: DrawnImage, drawing: Drawing, label: Label) -> Numbers:
    """The lesions of one label; labels are disjoint.

    Raises:
        WouldLose: more lesions than 16 bits can number.
    """
    components, count = ndimage.label(drawing.disjoint()[label], EIGHT_CONNECTED)
    lesions = np.arange(count + 1)
    for members in _grouped(drawn, drawing, label, components).values():
        lesions[np.isin(lesions, lesions[sorted(members)])] = lesions[sorted(members)].min()
    _, numbers = np.unique(lesions, return_inverse=True)
    if numbers[-1] > HIGHEST:
        raise WouldLose(f"{numbers[-1]:,} lesions are more than a 16-bit image can number", source=drawn.origin.name)
    by_component: Numbers = np.asarray(numbers, np.uint16)
    return np.asarray(by_component[components])


def _grouped(drawn: DrawnImage, drawing: Drawing, label: Label, components: NDArray[np.int32]) -> dict[int, set[int]]:
    """Per group the components that its regions cover."""
    members: dict[int, set[int]] = {}
    for region, window in zip(drawn.regions, drawing.windows, strict=True):
        if region.group is not None and region.label == label:
            rows, columns = window.pixels.shape
            under = components[window.top : window.top + rows, window.left : window.left + columns][window.pixels]
            members.setdefault(region.group, set()).update(set(np.unique(under).tolist()) - {0})
    return {group: found for group, found in members.items() if found}
