import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from backend.measures.burden import BurdenView, bstbi, study_burden
from backend.records import LabelMasks, Projection, SubImage
from converters.grid import GRID_SHAPE
from converters.regions import Mask

NONE = np.zeros(GRID_SHAPE, dtype=bool)


def block(*, rows: slice, columns: slice) -> Mask:
    mask = NONE.copy()
    mask[rows, columns] = True
    return mask


LESION = block(rows=slice(10, 20), columns=slice(10, 20))
BLADDER = block(rows=slice(500, 510), columns=slice(100, 110))
GREY: SubImage = np.where(LESION | BLADDER, 155, 255).astype(np.uint8)


def view(
    projection: Projection = "anterior", metastasis: Mask = LESION, pixel_mm: float | None = 2.0, windows: int = 2
) -> BurdenView:
    names = ("low", "high")[:windows]
    return BurdenView(projection, dict.fromkeys(names, GREY), LabelMasks(metastasis, BLADDER), pixel_mm)


def test_the_index_follows_its_formula() -> None:
    image = np.full(GRID_SHAPE, 254, dtype=np.uint8)
    s_all, s_lesion, s_bladder = image.size, int(LESION.sum()), int(BLADDER.sum())
    expected = 5 * s_lesion / (4 * s_lesion + s_all - s_bladder)
    assert bstbi(image, LESION, BLADDER) == pytest.approx(expected)


def test_no_lesion_is_zero_and_all_heat_in_lesions_is_one() -> None:
    assert bstbi(GREY, NONE, BLADDER) == 0
    assert bstbi(GREY, LESION, BLADDER) == 1


def test_an_image_without_counts_outside_the_bladder_has_no_index() -> None:
    assert bstbi(np.full(GRID_SHAPE, 255, dtype=np.uint8), LESION, NONE) is None
    assert bstbi(GREY, NONE, LESION | BLADDER) is None


def test_a_pixel_drawn_as_both_counts_as_bladder() -> None:
    assert bstbi(GREY, LESION | BLADDER, BLADDER) == bstbi(GREY, LESION, BLADDER)


def test_a_study_sums_area_and_lesions_over_both_projections() -> None:
    burden = study_burden([view("anterior"), view("posterior")])
    assert (burden.bstbi, burden.lesions, burden.sub_images, burden.complete) == (1.0, 2, 4, True)
    assert burden.lesion_area_cm2 == pytest.approx(200 * 0.04)


@pytest.mark.parametrize("views", [[view()], [view(), view("posterior", windows=1)]])
def test_fewer_than_four_sub_images_are_incomplete(views: list[BurdenView]) -> None:
    burden = study_burden(views)
    assert burden.bstbi == 1
    assert not burden.complete


def test_an_unknown_pixel_size_leaves_the_area_unknown() -> None:
    assert study_burden([view(), view("posterior", pixel_mm=None)]).lesion_area_cm2 is None


def test_nothing_at_all_has_no_burden() -> None:
    burden = study_burden([])
    assert (burden.bstbi, burden.lesion_area_cm2, burden.sub_images, burden.complete) == (None, None, 0, False)


def test_one_projection_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        study_burden([view(), view()])


@given(arrays(np.uint8, (5, 4)), arrays(bool, (5, 4)), arrays(bool, (5, 4)))
def test_the_index_lies_between_zero_and_one(image: NDArray[np.uint8], lesion: Mask, bladder: Mask) -> None:
    value = bstbi(image, lesion, bladder)
    assert value is None or 0 <= value <= 1
