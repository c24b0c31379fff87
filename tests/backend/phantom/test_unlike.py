import numpy as np
import pytest

from backend.errors import InputError
from backend.phantom.unlike import FAMILIES, Family, unlike
from backend.scans.normalise import to_grid
from converters.grid import GRID_SHAPE


@pytest.mark.parametrize("family", FAMILIES)
def test_a_study_is_the_same_whenever_it_is_made(family: Family) -> None:
    first, again, other = unlike(family, 2, 5), unlike(family, 2, 5), unlike(family, 2, 6)
    assert first.scans["anterior"].source_sha256 == again.scans["anterior"].source_sha256
    assert first.scans["anterior"].source_sha256 != other.scans["anterior"].source_sha256
    assert np.array_equal(first.truth["posterior"].metastasis, again.truth["posterior"].metastasis)


@pytest.mark.parametrize("family", FAMILIES)
def test_truth_is_disjoint_and_the_bladder_is_always_there(family: Family) -> None:
    lesions = 0
    for index in range(4):
        study = unlike(family, 0, index)
        for projection, masks in study.truth.items():
            assert masks.bladder.shape == GRID_SHAPE
            assert masks.bladder.any()
            assert not (masks.metastasis & masks.bladder).any()
            assert to_grid(study.scans[projection]).sub_images["low"].shape == GRID_SHAPE
            lesions += masks.metastasis.any()
    assert lesions


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lesion_is_hotter_than_the_body_about_it(family: Family) -> None:
    for index in range(6):
        study = unlike(family, 1, index)
        mask = study.truth["anterior"].metastasis
        if mask.any():
            heat = 255.0 - to_grid(study.scans["anterior"]).sub_images["low"]
            assert heat[mask].mean() > heat[~mask].mean()


def test_another_family_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'mesh' is no family; choose one of ellipsoids, rods, film"):
        unlike("mesh", 0, 0)  # type: ignore[arg-type]
