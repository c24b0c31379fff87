"""On which side a patient stands. Patients are split, never images, and nobody changes sides."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.records import Split

VALIDATION_SHARE = 0.2
STUDY_TEST_SHARE = 0.2
PATIENT_RULE = "patient-1"
STUDY_RULE = "study-1"
BUCKETS = ("0", "1-9", "10-99", "100-999", "1000-9999", "10000-99999", ">=100000")
"""Lesion-size levels of the study, in metastasis pixels of the normalised grid."""


@dataclass(frozen=True)
class PatientCase:
    """What splitting looks at.

    Attributes:
        pseudonym: of the patient.
        order: keyed digest of the pseudonym: a fixed random order that only this home knows.
        pixels: metastasis pixels of the first study's references, both projections summed.
        metastasis: the patient's group.
        split: the side decided earlier, None for a new patient.
    """

    pseudonym: str
    order: str
    pixels: int
    metastasis: bool
    split: Split | None


def bucket(pixels: int) -> int:
    """Index into `BUCKETS`: 0 for no pixel, else the number of decimal digits, at most 6."""
    return 0 if pixels == 0 else min(len(str(pixels)), len(BUCKETS) - 1)


def patient_split(patients: Iterable[PatientCase]) -> dict[str, Split]:
    """Every patient's side: what was decided earlier stays, new patients go to train or validation.

    New patients are drawn bucket by bucket, the largest lesions first, so that validation gets its share of every
    bucket and of all; as soon as there are two patients it has one.
    """
    cases = list(patients)
    sides: dict[str, Split] = {case.pseudonym: case.split for case in cases if case.split}
    learning = Counter(side for side in sides.values() if side != "test")
    owed = VALIDATION_SHARE * learning.total() - learning["validation"]
    new = _stratified([case for case in cases if case.split is None])
    chosen = set(_every_nth(new, VALIDATION_SHARE, owed))
    if not chosen and not learning["validation"] and len(new) + learning.total() > 1:
        chosen = {case.pseudonym for case in new[:1]}
    return sides | {case.pseudonym: "validation" if case.pseudonym in chosen else "train" for case in new}


def study_split(patients: Iterable[PatientCase]) -> dict[str, Split]:
    """The study's own split of a finished data set: a fifth of each group and bucket is the test side.

    Earlier decisions do not count. The training side is divided into train and validation as in `patient_split`.
    """
    cases = [PatientCase(one.pseudonym, one.order, one.pixels, one.metastasis, None) for one in patients]
    test: set[str] = set()
    for group in (True, False):
        test.update(_every_nth(_stratified([one for one in cases if one.metastasis is group]), STUDY_TEST_SHARE))
    learning = patient_split(one for one in cases if one.pseudonym not in test)
    return learning | dict.fromkeys(test, "test")


def _stratified(cases: Sequence[PatientCase]) -> list[PatientCase]:
    return sorted(cases, key=lambda case: (-bucket(case.pixels), case.order, case.pseudonym))


def _every_nth(cases: Sequence[PatientCase], share: float, owed: float = 0.0) -> list[str]:
    """Systematic draw along the order: one patient whenever at least half a patient is owed."""
    drawn = []
    for case in cases:
        owed += share
        # a rounding error must not decide on a patient
        if owed >= 0.5 - 1e-9:
            drawn.append(case.pseudonym)
            owed -= 1
    return drawn
