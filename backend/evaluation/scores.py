"""Scores: one plain document per projection, which every figure of a report is made from."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
Score = dict[str, Any]
"""What one model and the readers make of one projection; JSON-able, and all that a report needs.

`patient`, `study` (its token), `projection`, `age`, `truth_call`, `reference_lesion`, `slices`: whose it is.
`counts`, `dice`: {label: …} of the model with the reference; `measures`: `compared` of the same; `regions`: the
candidates of `candidates.py`; `calibration`: {label: reliability bins of the pixels}; `crops`: {label: [probabilities,
truths]} of the classifier; `crop_probability`, `lesion_pixels`.
`bstbi`: {`model`, `reference`: one value per sub-image}; `burden`: {`model`, `reference`: [lesion pixels, lesions]};
`pixel_mm`: mm per grid pixel; `seconds`, `device`: how long the model took, and on what.
`readers`: {name: {`contributed`, `exposure`, `to_model`, `to_reference`: {label: counts}, `measures`: {`to_model`,
`to_reference`}, `bstbi`, `burden`, `seconds`}}; `between_readers`: [{`readers`, `exposures`, `counts`, `measures`}].
`picture`: of the worst cases only, the SHA-256 of a PNG with both outlines.
"""


def by_patient(scores: Sequence[Score]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        found[score["patient"]].append(score)
    return dict(found)


def by_study(scores: Sequence[Score]) -> dict[tuple[str, str], list[Score]]:
    """(patient, study) → its projections."""
    found: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for score in scores:
        found[score["patient"], score["study"]].append(score)
    return dict(found)


def patient_truth(scores: Sequence[Score]) -> dict[str, tuple[bool, str]]:
    """Patient → (has metastases, `metastasis column` or `reference`)."""
    found = {}
    for patient, own in by_patient(scores).items():
        known = [score["truth_call"] for score in own if score["truth_call"] is not None]
        by_mask = any(score["reference_lesion"] for score in own)
        found[patient] = (any(known), "metastasis column") if known else (by_mask, "reference")
    return found


def reader_names(scores: Sequence[Score]) -> list[str]:
    return sorted({name for score in scores for name in score["readers"]})
