"""What is measured of two readings of one projection, or of one reading and its reference: a plain document."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backend.agreement.compare import compare, needs_adjudication
from backend.measures.burden import bstbi
from backend.measures.folding import fold
from backend.measures.lesions import false_lesions, match
from backend.measures.overlap import overlap, pooled_dice
from backend.measures.surface import surface_distances
from backend.records import AgreementRules, LabelMasks, SubImage, Window
from backend.sentences import Sentence, say
from converters.regions import LABELS, Mask

Measures = dict[str, Any]
"""JSON-able; keys as the functions below say."""


def measure(
    a: LabelMasks,
    b: LabelMasks,
    rules: AgreementRules,
    pixel_mm: float | None,
    sub_images: Mapping[Window, SubImage] | None = None,
) -> Measures:
    """The document of a pair of readings.

    Args:
        a, b: disjoint `(1024, 256)` bool masks.
        pixel_mm: mm per grid pixel; None leaves the distances undefined.
        sub_images: for the burden index, undefined without them.

    Returns:
        `labels`: {label: {`dice`, `hd95_mm`, `mean_surface_distance_mm`, `pixels` [shared, of a, of b],
        `border_pixels`}}; `lesions`: {`matched`, `only` [of a, of b], `split`, `merged`, `inside`}; `label_swapped`;
        `patient_call`: whether [a, b] hold a lesion here; `bstbi_a`, `bstbi_b`: sums over `sub_images` many;
        `reasons`: why a physician must decide, where the readers call the patient `alike` and where `differing`, as
        `reasons` reads them.

    Raises:
        ValueError: the shapes differ.
    """
    folded = fold(a.metastasis, a.bladder, b.metastasis, b.bladder)
    small_a, small_b = LabelMasks(*folded[:2]), LabelMasks(*folded[2:])
    alike = compare(small_a, small_b, rules)
    same = differing = _kept(needs_adjudication(alike, rules))
    if alike.only != (0, 0):
        pair = compare(small_a, small_b, rules, patient_call_differs=True)
        differing = _kept(needs_adjudication(pair, rules))
    kinds = Counter(one.kind for one in alike.disagreement.relations)
    return {
        "labels": _labels(a, b, pixel_mm),
        "lesions": {"matched": alike.matched, "only": list(alike.only)}
        | {kind: kinds[kind] for kind in ("split", "merged", "inside")},
        "label_swapped": kinds["label"],
        "patient_call": [bool(small_a.metastasis.any()), bool(small_b.metastasis.any())],
        "reasons": {"alike": same, "differing": differing},
    } | _burdens(a, b, sub_images or {})


def reasons(measures: Measures, *, calls_differ: bool) -> tuple[Sentence, ...]:
    """Why a physician must decide, in words; empty where the readings agree.

    Args:
        calls_differ: over the study, one reader found lesions and the other none.
    """
    kept = measures["reasons"]["differing" if calls_differ else "alike"]
    return tuple(say(one["template"], **one["values"]) for one in kept)


def measure_against(
    reading: LabelMasks, reference: LabelMasks, rules: AgreementRules, pixel_mm: float | None
) -> Measures:
    """The document of a reading and its reference; ignored pixels of the reference count as neither.

    A lesion of the reading without partner is no over-call where more than half of it is ignored.

    Returns:
        `labels` as in `measure` (a is the reading); `lesions`: {`matched`, `missed`, `over_called`}; `patient_call`:
        whether [reading, reference] hold a lesion here.

    Raises:
        ValueError: the shapes differ.
    """
    ignored = reference.ignored if reference.ignored is not None else np.zeros_like(reference.metastasis)
    lesions, truth, left_out = fold(reading.metastasis, reference.metastasis, ignored)
    found = match(lesions, truth, rules.match_iou)
    over_called = false_lesions(found, left_out)
    counted = LabelMasks(reading.metastasis & ~ignored, reading.bladder & ~ignored)
    return {
        "labels": _labels(counted, reference, pixel_mm),
        "lesions": {
            "matched": len(found.matched),
            "missed": len(found.only_b),
            "over_called": len(over_called),
        },
        "patient_call": [bool(found.matched or over_called), bool(truth.any())],
    }


def _kept(sentences: Iterable[Sentence]) -> list[Measures]:
    """As JSON, so that they can still be said in another language."""
    return [{"template": one.template, "values": one.values} for one in sentences]


def _labels(a: LabelMasks, b: LabelMasks, pixel_mm: float | None) -> dict[str, Measures]:
    return {label: _label(a[label], b[label], pixel_mm) for label in LABELS}


def _label(a: Mask, b: Mask, pixel_mm: float | None) -> Measures:
    counts = overlap(a, b)
    distances = None if pixel_mm is None else surface_distances(a, b, pixel_mm)
    return {
        "dice": pooled_dice([counts]),
        "hd95_mm": distances.hd95 if distances else None,
        "mean_surface_distance_mm": distances.mean if distances else None,
        "pixels": list(counts),
        "border_pixels": distances.border_pixels if distances else 0,
    }


def _burdens(a: LabelMasks, b: LabelMasks, sub_images: Mapping[Window, SubImage]) -> Measures:
    """Sums over the sub-images in which the index of both readings is defined."""
    values = [[bstbi(image, one.metastasis, one.bladder) for one in (a, b)] for _, image in sorted(sub_images.items())]
    defined = [(of_a, of_b) for of_a, of_b in values if of_a is not None and of_b is not None]
    sums = [sum(side) for side in zip(*defined, strict=True)] or [None, None]
    return {"bstbi_a": sums[0], "bstbi_b": sums[1], "sub_images": len(defined)}
