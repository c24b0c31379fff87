"""The groups that a projection belongs to, one name of each kind; figures are given for each group apart."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import ndimage

from backend.records import Exposure, LabelMasks
from converters.regions import Mask

UNKNOWN = "unknown"
AGE_GROUPS: tuple[tuple[str, float, float], ...] = (("<50", 0, 50), ("50-69", 50, 70), (">=70", 70, np.inf))
LESION_GROUPS: tuple[tuple[str, float, float], ...] = (
    ("none", 0, 1),
    ("1-2", 1, 3),
    ("3-9", 3, 10),
    (">=10", 10, np.inf),
)
BESIDE = 10
"""Pixels between a lesion and the bladder, at most, that count as beside."""

OF_PATIENTS = ("age", "sex", "primary", "site")
"""Kinds of groups that whole studies belong to, for which patients' calls are counted too."""
KINDS = (*OF_PATIENTS, "exposure", "lesions", "beside_bladder")


def slices(
    age: float | None,
    names: Mapping[str, str | None],
    made_from: Sequence[Exposure],
    reference: LabelMasks,
    lesions: int,
) -> dict[str, str]:
    """One group of every kind in `KINDS`.

    Args:
        names: `sex`, `primary`, `site` as the list of studies gave them.
        made_from: exposure of the readings behind the reference.
        lesions: of the reference on this projection.
    """
    beside = _beside(reference.metastasis, reference.bladder)
    return {
        "age": _group(AGE_GROUPS, age),
        **{kind: (names.get(kind) or "").strip() or UNKNOWN for kind in ("sex", "primary", "site")},
        "exposure": _exposure(made_from),
        "lesions": _group(LESION_GROUPS, lesions),
        "beside_bladder": "yes" if beside else "no",
    }


def _group(groups: Sequence[tuple[str, float, float]], value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return next((name for name, low, high in groups if low <= value < high), UNKNOWN)


def _exposure(made_from: Sequence[Exposure]) -> str:
    kinds = set(made_from)
    return "mixed" if len(kinds) > 1 else next(iter(kinds), UNKNOWN)


def _beside(lesions: Mask, bladder: Mask) -> bool:
    """Whether a lesion pixel lies within `BESIDE` pixels of the bladder, centre to centre."""
    rows, columns = np.flatnonzero(bladder.any(axis=1)), np.flatnonzero(bladder.any(axis=0))
    if not len(rows):
        return False
    around = tuple(slice(max(0, int(at[0]) - BESIDE), int(at[-1]) + BESIDE + 1) for at in (rows, columns))
    near = lesions[around]
    return bool(near.any() and (ndimage.distance_transform_edt(~bladder[around])[near] <= BESIDE).any())
