"""The agreement of two readers over a whole study, from what was measured of its projections."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from backend.agreement.material import Compared
from backend.agreement.measure import Measures
from converters.regions import LABELS

COUNTED = ("matched", "split", "merged", "inside")


def study_agreement(compared: Iterable[Compared]) -> list[dict[str, Any]]:
    """One document for every two readers of a study, over the projections that both could read.

    Args:
        compared: pairs of readings of one study.

    Returns:
        `readers`, `exposure`, `projections` (how many); `labels`: {label: {`dice` of the pixels of all of them,
        `hd95_mm` the larger, `mean_surface_distance_mm` over all border pixels}}; `lesions` and `label_swapped`
        summed; `patient_call` of either reader, `patient_call_differs`; `bstbi` of either.
    """
    readers: defaultdict[tuple[int, int], list[Compared]] = defaultdict(list)
    for one in compared:
        readers[one.a.number, one.b.number].append(one)
    return [_two_readers(pairs) for pairs in readers.values()]


def _two_readers(pairs: Sequence[Compared]) -> dict[str, Any]:
    first = pairs[0]
    measured = [one.measures for one in pairs]
    calls = [any(one["patient_call"][side] for one in measured) for side in (0, 1)]
    return {
        "readers": [first.a.reader, first.b.reader],
        "exposure": [first.a.exposure, first.b.exposure],
        "projections": len(pairs),
        "labels": {label: _label([one["labels"][label] for one in measured]) for label in LABELS},
        "lesions": {kind: sum(one["lesions"][kind] for one in measured) for kind in COUNTED}
        | {"only": [sum(one["lesions"]["only"][side] for one in measured) for side in (0, 1)]},
        "label_swapped": sum(one["label_swapped"] for one in measured),
        "patient_call": calls,
        "patient_call_differs": first.calls_differ,
        "bstbi": [_mean_index(measured, side) for side in ("a", "b")],
    }


def _label(values: Sequence[Measures]) -> dict[str, float | None]:
    shared, of_a, of_b = (sum(counts) for counts in zip(*(one["pixels"] for one in values), strict=True))
    apart = [one for one in values if one["hd95_mm"] is not None]
    border = sum(one["border_pixels"] for one in apart)
    far = sum(one["mean_surface_distance_mm"] * one["border_pixels"] for one in apart)
    return {
        "dice": 2 * shared / (of_a + of_b) if of_a + of_b else None,
        "hd95_mm": max((one["hd95_mm"] for one in apart), default=None),
        "mean_surface_distance_mm": far / border if border else None,
    }


def _mean_index(measured: Sequence[Measures], side: str) -> float | None:
    """The mean over the sub-images, as for any study."""
    sub_images = sum(one["sub_images"] for one in measured)
    total: float = sum(one[f"bstbi_{side}"] or 0.0 for one in measured)
    return total / sub_images if sub_images else None
