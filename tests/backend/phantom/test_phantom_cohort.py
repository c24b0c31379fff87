import hashlib
import subprocess
import sys

import numpy as np
import pytest

from backend.phantom.camera import resolution_fwhm
from backend.phantom.cohort import PhantomStudy, cohort, generate
from backend.phantom.footprint import ROSE
from backend.phantom.patients import draw_patient, schedule
from backend.phantom.preset import BENCHMARK, DEMO
from backend.records import PROJECTIONS
from converters.grid import GRID_SHAPE

FROZEN_PRESET = "37c73f80849eb847e0adc6b8b71dbae57d80eac31bc27a386182dfcc07fca3ad"
FROZEN_STUDIES = "db3b8c3e273b31e8c1024bd1a2868a79a3a51caee9d04feb2a71ba8c282169c3"
PRINT_ONE = """
from backend.phantom.cohort import generate
from backend.phantom.preset import DEMO
import hashlib
print(hashlib.sha256(generate(DEMO, 7, 2).projections["anterior"].counts.tobytes()).hexdigest())
"""


def digest(*studies: PhantomStudy) -> str:
    """SHA-256 over counts and truth, pixel by pixel."""
    content = hashlib.sha256()
    for study in studies:
        for projection in PROJECTIONS:
            image = study.projections[projection]
            content.update(image.counts.astype("<i4").tobytes())
            for label in ("metastasis", "bladder"):
                content.update(image.truth[label].tobytes())
    return content.hexdigest()


@pytest.fixture(scope="module")
def studies() -> list[PhantomStudy]:
    return list(cohort(DEMO, 6, seed=7))


def test_the_benchmark_is_frozen() -> None:
    assert BENCHMARK.digest() == FROZEN_PRESET
    assert digest(generate(BENCHMARK, 0, 0), generate(BENCHMARK, 0, 1)) == FROZEN_STUDIES


def test_a_study_is_the_same_in_another_process_and_without_the_studies_before_it() -> None:
    here = hashlib.sha256(generate(DEMO, 7, 2).projections["anterior"].counts.tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", PRINT_ONE], capture_output=True, text=True, check=True).stdout.strip()
    assert here == there


def test_a_short_cohort_is_the_start_of_a_longer_one(studies: list[PhantomStudy]) -> None:
    assert [study.visit for study in cohort(DEMO, 2, seed=7)] == [study.visit for study in studies[:2]]


def test_another_seed_gives_other_studies() -> None:
    assert digest(generate(DEMO, 1, 0)) != digest(generate(DEMO, 2, 0))


def test_counts_lie_in_the_range_of_real_scans(studies: list[PhantomStudy]) -> None:
    for study in studies:
        for image in study.projections.values():
            assert image.counts.shape == GRID_SHAPE
            assert image.counts.dtype == np.int32
            assert 0.3e6 < image.counts.sum() < 0.9e6
            assert 2.26 <= image.pixel_mm <= 2.40


def test_counts_scatter_about_their_mean_as_poisson_noise(studies: list[PhantomStudy]) -> None:
    for study in studies[:2]:
        for image in study.projections.values():
            fano = ((image.counts - image.expected) ** 2).sum() / image.expected.sum()
            assert fano == pytest.approx(1.0, abs=0.03)


def test_the_collimator_resolves_7_4_mm_at_10_cm_and_less_farther_away() -> None:
    assert resolution_fwhm(100) == pytest.approx(7.4, abs=0.05)
    assert resolution_fwhm(50) < resolution_fwhm(100) < resolution_fwhm(200)


def test_both_projections_show_the_same_lesion_at_mirrored_columns(studies: list[PhantomStudy]) -> None:
    compared = 0
    for study in studies:
        front, back = (study.projections[projection].lesions for projection in PROJECTIONS)
        for lesion in front:
            for other in back:
                if other.finding == lesion.finding:
                    row, column = np.argwhere(lesion.mask).mean(axis=0)
                    other_row, other_column = np.argwhere(other.mask).mean(axis=0)
                    assert abs(row - other_row) < 4
                    assert abs(column - (GRID_SHAPE[1] - 1 - other_column)) < 4
                    compared += 1
    assert compared


def test_truth_holds_every_visible_lesion_and_the_bladder_wins(studies: list[PhantomStudy]) -> None:
    for study in studies:
        for image in study.projections.values():
            metastasis, bladder = image.truth["metastasis"], image.truth["bladder"]
            assert not (metastasis & bladder).any()
            drawn = np.any([lesion.mask for lesion in image.lesions], axis=0) if image.lesions else np.zeros(GRID_SHAPE)
            assert np.array_equal(metastasis, drawn.astype(bool) & ~bladder)
            assert all(lesion.snr >= ROSE for lesion in image.lesions)


def test_patients_with_metastases_show_one_and_the_others_none(studies: list[PhantomStudy]) -> None:
    assert {study.visit.metastasis for study in studies} == {True, False}
    for study in studies:
        seen = any(image.lesions for image in study.projections.values())
        assert seen == study.visit.metastasis


def test_45_percent_of_patients_have_metastases_in_any_cohort() -> None:
    positive = [draw_patient(BENCHMARK, 3, index, 0).has_metastases for index in range(40)]
    for patients in range(1, 41):
        assert abs(sum(positive[:patients]) - 0.45 * patients) <= 1


def test_a_follow_up_is_the_same_patient_later() -> None:
    patient = next(patient for patient, visit in schedule(DEMO, 60, seed=0) if visit == 1)
    first, second = (draw_patient(DEMO, 0, patient, visit).visit for visit in (0, 1))
    assert first.patient == second.patient
    assert first.study != second.study
    assert first.date is not None
    assert second.date is not None
    assert (second.date - first.date).days >= 120
    assert (first.age, first.sex, first.primary, first.site) == (second.age, second.sex, second.primary, second.site)
