import hashlib
import subprocess
import sys

import numpy as np
import pytest

from backend.phantom.varied import VariedStudy, varied
from backend.records import PROJECTIONS
from backend.scans.normalise import to_grid
from converters.grid import GRID_SHAPE

SEED, STUDIES = 11, 7
PRINT_ONE = """
import sys
sys.path.insert(0, {folder!r})
from test_varied import digest
from backend.phantom.varied import varied
print(digest(varied(11, 3)))
"""


def digest(study: VariedStudy) -> str:
    content = hashlib.sha256()
    for projection in PROJECTIONS:
        content.update(study.scans[projection].source_sha256.encode())
        for image in study.scans[projection].renderings.values():
            content.update(image.tobytes())
        content.update(study.truth[projection].metastasis.tobytes())
        content.update(study.truth[projection].bladder.tobytes())
    return content.hexdigest()


@pytest.fixture(scope="module")
def studies() -> list[VariedStudy]:
    return [varied(SEED, index) for index in range(STUDIES)]


def test_a_study_depends_on_seed_and_index_alone(studies: list[VariedStudy]) -> None:
    there = subprocess.run(
        [sys.executable, "-c", PRINT_ONE.format(folder=str(__file__).rpartition("/")[0])],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert digest(studies[3]) == there


def test_no_two_studies_are_alike(studies: list[VariedStudy]) -> None:
    assert len({digest(study) for study in [*studies, varied(SEED + 1, 0)]}) == STUDIES + 1


def test_truth_lies_on_the_grid_and_the_labels_share_no_pixel(studies: list[VariedStudy]) -> None:
    for study in studies:
        for masks in study.truth.values():
            assert masks.metastasis.shape == masks.bladder.shape == GRID_SHAPE
            assert masks.metastasis.dtype == masks.bladder.dtype == np.bool_
            assert not (masks.metastasis & masks.bladder).any()


def test_truth_never_lies_where_the_scan_does_not_reach(studies: list[VariedStudy]) -> None:
    for study in studies:
        for projection, scan in study.scans.items():
            image = scan.counts if scan.counts is not None else scan.renderings["low"]
            covered = to_grid(scan).transform
            rows, columns = np.nonzero(study.truth[projection].metastasis | study.truth[projection].bladder)
            for row, column in zip(rows, columns, strict=True):
                source_column, source_row = covered.to_source((column + 0.5, row + 0.5))
                assert -1 <= source_row <= image.shape[0] + 1
                assert -1 <= source_column <= image.shape[1] + 1


def test_only_the_diseased_have_lesions(studies: list[VariedStudy]) -> None:
    for study in studies:
        drawn = any(masks.metastasis.any() for masks in study.truth.values())
        assert study.domain.diseased or not drawn
    assert any(study.truth["anterior"].metastasis.any() for study in studies)


def test_the_scans_come_as_hospitals_send_them(studies: list[VariedStudy]) -> None:
    kinds = {(scan.counts is None, len(scan.renderings)) for study in studies for scan in study.scans.values()}
    assert (False, 0) in kinds
    assert kinds & {(True, 1), (True, 2)}
    for study in studies:
        for scan in study.scans.values():
            assert scan.pixel_mm is not None
            for image in to_grid(scan).sub_images.values():
                assert image.shape == GRID_SHAPE
                assert image.dtype == np.uint8


def test_the_grid_shows_pixels_of_the_size_that_the_domain_drew(studies: list[VariedStudy]) -> None:
    for study in studies:
        if not study.domain.resized:
            for scan in study.scans.values():
                assert to_grid(scan).pixel_mm == pytest.approx(study.domain.pixel_mm, rel=1e-6)


def test_what_is_called_metastasis_is_hotter_than_what_lies_about_it(studies: list[VariedStudy]) -> None:
    hotter = []
    for study in studies:
        for projection, scan in study.scans.items():
            mask = study.truth[projection].metastasis
            if mask.any():
                heat = [255.0 - image for image in to_grid(scan).sub_images.values()]
                hotter.append(any(image[mask].mean() > image[~mask & (image > 0)].mean() for image in heat))
    assert np.mean(hotter) > 0.9
