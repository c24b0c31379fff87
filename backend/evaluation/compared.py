"""Two sets of masks of one projection, measured for the report: borders and lesions."""

from collections.abc import Mapping

import numpy as np

from backend.evaluation.scores import Json
from backend.measures.lesions import LesionMatch, false_lesions, match
from backend.measures.overlap import Overlap, overlap
from backend.measures.surface import surface_distances
from backend.records import LabelMasks
from converters.regions import LABELS, Mask


def counts(a: LabelMasks, b: LabelMasks, ignored: Mask | None = None) -> dict[str, Overlap]:
    """Pixels shared, of a and of b by label, without the ignored ones."""
    return {label: overlap(a[label], b[label], ignored) for label in LABELS}


def compared(a: LabelMasks, b: LabelMasks, ignored: Mask | None = None) -> tuple[Json, LesionMatch]:
    """The document of two sets of disjoint masks, and the matching of their lesions.

    Args:
        ignored: pixels that count as neither; a lesion of a that is mostly ignored is left out.

    Returns:
        `surface`: {label: {`hd95_px`, `near`, `border`}}, `hd95_px` None where a mask is empty; `lesions`: `matched`
        [[pixels in a, pixels in b], …], `only` [[pixels of a's lesions that b lacks], [of b's that a lacks]].

    Raises:
        ValueError: the shapes differ.
    """
    found = match(a.metastasis, b.metastasis)
    left_out = ignored if ignored is not None else np.zeros_like(a.metastasis)
    of_a, of_b = found.sizes_a, found.sizes_b
    document = {
        "surface": {label: _surface(a[label] & ~left_out, b[label] & ~left_out) for label in LABELS},
        "lesions": {
            "matched": [[int(of_a[i]), int(of_b[j])] for i, j, _ in found.matched],
            "only": [
                [int(of_a[i]) for i in false_lesions(found, left_out)],
                [int(of_b[j]) for j in found.only_b],
            ],
        },
    }
    return document, found


def _surface(a: Mask, b: Mask) -> Mapping[str, float | int | None]:
    found = surface_distances(a, b, 1.0)
    if found is None:
        return {"hd95_px": None, "near": 0, "border": 0}
    return {"hd95_px": found.hd95, "near": found.near, "border": found.border_pixels}
