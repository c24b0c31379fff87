"""Who the phantom's patients are and when they come: drawn per patient, so that any study can be made on its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from backend.phantom.preset import Preset
from backend.records import Visit

FIRST_DAY, DAYS = date(2018, 3, 1), 500
SITES = ("site-A", "site-B", "site-C")
PRIMARIES = {
    "lung": (112, 153), "breast": (84, 65), "prostate": (48, 31), "digestive": (23, 48), "liver": (9, 11),
    "urinary": (4, 6), "nasopharynx": (0, 14), "ovary": (0, 3),
}  # fmt: skip
"""Patients with and without metastases by primary, as in the source study (primary bone tumours left out)."""
SEX_OF_PRIMARY = {"breast": 0.99, "prostate": 0.0, "ovary": 1.0}
"""Share of women."""


@dataclass(frozen=True)
class Patient:
    """One simulated patient and this one of the visits (0 first, 1 follow-up)."""

    index: int
    visit_index: int
    sex: str
    visit: Visit

    @property
    def has_metastases(self) -> bool:
        return bool(self.visit.metastasis)


def stream(preset: Preset, seed: int, *place: int) -> np.random.Generator:
    """Random numbers that depend on the preset, the seed and the place alone, not on what was drawn before."""
    return np.random.default_rng([int(preset.digest()[:12], 16), seed, *place])


def schedule(preset: Preset, studies: int, seed: int) -> Iterator[tuple[int, int]]:
    """(patient, visit) of the first `studies` studies: a patient's follow-up comes right after the first study."""
    patient, made = 0, 0
    while made < studies:
        visits = 2 if stream(preset, seed, patient, 0).random() < preset.follow_up_share else 1
        for visit in range(min(visits, studies - made)):
            yield patient, visit
            made += 1
        patient += 1


def draw_patient(preset: Preset, seed: int, index: int, visit_index: int) -> Patient:
    rng = stream(preset, seed, index, 1)
    positive = _has_metastases(preset, seed, index)
    weights = np.array([counts[0 if positive else 1] for counts in PRIMARIES.values()], dtype=float)
    primary = str(rng.choice(list(PRIMARIES), p=weights / weights.sum()))
    sex = "F" if rng.random() < SEX_OF_PRIMARY.get(primary, 0.33) else "M"
    age = float(np.clip(round(rng.normal(64, 12)), 12, 93))
    first = FIRST_DAY + timedelta(days=int(rng.integers(DAYS)))
    later = int(rng.integers(120, 300))
    name = f"phantom-{preset.name}-{seed}-{index:04d}"
    visit = Visit(
        patient=name,
        study=f"{name}-{visit_index + 1}",
        date=first + timedelta(days=later * visit_index),
        age=age,
        sex=sex,
        primary=primary,
        site=str(rng.choice(SITES, p=(0.6, 0.25, 0.15))),
        metastasis=positive,
    )
    return Patient(index, visit_index, sex, visit)


def _has_metastases(preset: Preset, seed: int, index: int) -> bool:
    """The wanted share in every cohort to within one patient, starting anywhere in the cycle."""
    start = stream(preset, seed, 0, 2).random()
    share = preset.metastasis_share
    return bool(np.floor(start + (index + 1) * share) > np.floor(start + index * share))
