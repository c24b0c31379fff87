"""Activity as weighted points in space: what the phantom is made of, from bone to bladder.

Coordinates are millimetres of one standing standard body: x to the patient's left, y to the back, z up from the soles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SIDES = ("r", "l")
LIMB_PARTS = ("arm", "forearm", "hand", "thigh", "shank", "foot")
PARTS = ("trunk", "head", *(f"{limb}_{side}" for side in SIDES for limb in LIMB_PARTS))
"""What moves as one piece when the body is posed."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points with activity.

    Attributes:
        points: (n, 3) mm.
        weight: (n,) activity of each point, arbitrary units.
        part: (n,) index into PARTS.
        region: (n,) index into the naming that belongs to this cloud (bones or organs).
    """

    points: Floats
    weight: Floats
    part: Integers
    region: Integers

    def __len__(self) -> int:
        return len(self.weight)

    def __getitem__(self, chosen: NDArray[np.bool_] | Integers) -> "Cloud":
        return Cloud(*(getattr(self, field.name)[chosen] for field in fields(self)))


def joined(clouds: Sequence[Cloud]) -> Cloud:
    return Cloud(*(np.concatenate([getattr(cloud, field.name) for cloud in clouds]) for field in fields(Cloud)))


def rotation(axis: int, degrees: float) -> Floats:
    """(3, 3) right-handed rotation about one coordinate axis."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = -sine, sine
    return matrix
