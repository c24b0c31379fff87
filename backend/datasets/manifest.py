"""What a dataset version says of itself, as one plain document whose SHA-256 is its name."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from backend.datasets.split import BUCKETS, PatientCase, bucket
from backend.records import Split

FORMAT = 1


@dataclass(frozen=True)
class FrozenReference:
    """A reference and what it was drawn on, all by hash: masks (`metastasis`, `bladder`, `ignored`), sub-images."""

    patient: str
    study: str
    projection: str
    exposure: tuple[str, ...]
    status: str
    rule: str
    masks: Mapping[str, str]
    sub_images: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """SHA-256 over the hashes of its masks."""
        return hashlib.sha256(canonical(dict(self.masks))).hexdigest()


def canonical(document: object) -> bytes:
    """One text per document: UTF-8 JSON, keys sorted, no spaces."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def name_of(manifest: Mapping[str, Any]) -> str:
    """The dataset version's id."""
    return hashlib.sha256(canonical(manifest)).hexdigest()


def compose(
    references: Iterable[FrozenReference],
    patients: Sequence[PatientCase],
    sides: Mapping[str, Split],
    split_rule: str,
) -> dict[str, Any]:
    """The manifest: members in the order of patient, study and projection, and patients by side and bucket."""
    ordered = sorted(references, key=lambda one: (one.patient, one.study, one.projection))
    return {
        "format": FORMAT,
        "split_rule": split_rule,
        "reference_rules": sorted({one.rule for one in ordered}),
        "buckets": _bucket_table(patients, sides),
        "members": [_member(one, sides[one.patient]) for one in ordered],
    }


def _member(reference: FrozenReference, side: Split) -> dict[str, Any]:
    return {
        "patient": reference.patient,
        "study": reference.study,
        "projection": reference.projection,
        "split": side,
        "reference_sha256": reference.sha256,
        "exposure": list(reference.exposure),
        "status": reference.status,
        "masks": dict(reference.masks),
        "sub_images": dict(reference.sub_images),
    }


def _bucket_table(patients: Sequence[PatientCase], sides: Mapping[str, Split]) -> dict[str, dict[str, int]]:
    """Patients by side and lesion-size bucket."""
    counts = Counter((sides[case.pseudonym], bucket(case.pixels)) for case in patients)
    return {side: {name: counts[side, level] for level, name in enumerate(BUCKETS)} for side in get_args(Split)}
