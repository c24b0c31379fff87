import numpy as np
import pytest

from backend.model.outlines import MAX_POINTS, Thresholds, drop_small, to_masks, to_regions
from backend.records import LabelMasks
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Label, Polygon

BLANK = np.zeros(GRID_SHAPE, np.float32)


def block(value: float, rows: slice, columns: slice) -> np.ndarray:
    image = BLANK.copy()
    image[rows, columns] = value
    return image


def test_the_bladder_wins_where_both_are_called() -> None:
    everywhere: dict[Label, np.ndarray] = {
        "metastasis": block(0.9, slice(0, 20), slice(0, 20)),
        "bladder": block(0.6, slice(10, 20), slice(0, 20)),
    }
    masks = to_masks(everywhere, Thresholds())
    assert masks.bladder.sum() == 200
    assert masks.metastasis.sum() == 200
    assert not (masks.metastasis & masks.bladder).any()


def test_each_label_has_its_own_threshold_and_meets_it_inclusively() -> None:
    probability: dict[Label, np.ndarray] = {"metastasis": BLANK + np.float32(0.5), "bladder": BLANK + np.float32(0.5)}
    masks = to_masks(probability, Thresholds(metastasis=0.5, bladder=0.6))
    assert masks.metastasis.all()
    assert not masks.bladder.any()


def test_small_lesions_are_dropped_and_corners_join() -> None:
    mask = np.zeros((8, 8), bool)
    mask[0, 0] = mask[1, 1] = mask[5, 5] = True
    assert drop_small(mask, 2).sum() == 2
    assert drop_small(mask, 1) is mask


def test_regions_are_the_masks_with_their_mean_probability() -> None:
    metastasis = block(0.8, slice(100, 110), slice(50, 60)) + block(0.6, slice(300, 306), slice(50, 60))
    bladder = block(1.0, slice(600, 630), slice(100, 140))
    probability: dict[Label, np.ndarray] = {"metastasis": metastasis, "bladder": bladder}
    masks = to_masks(probability, Thresholds())
    regions = to_regions(masks, probability)
    assert sorted((region.label, round(region.score or 0, 3)) for region in regions) == [
        ("bladder", 1.0),
        ("metastasis", 0.6),
        ("metastasis", 0.8),
    ]
    drawn = draw(regions, GRID_SHAPE).disjoint()
    assert (drawn["metastasis"] == masks.metastasis).all()
    assert (drawn["bladder"] == masks.bladder).all()


def test_outlines_have_few_points_to_edit() -> None:
    rows, columns = np.ogrid[: GRID_SHAPE[0], : GRID_SHAPE[1]]
    wavy = (rows - 500) ** 2 + (columns - 128) ** 2 < (60 + 10 * np.sin(np.arctan2(rows - 500, columns - 128) * 9)) ** 2
    empty = np.zeros(GRID_SHAPE, bool)
    (region,) = to_regions(LabelMasks(wavy, empty), {"metastasis": BLANK + 1, "bladder": BLANK})
    assert isinstance(region.shape, Polygon)
    assert len(region.shape.exterior) + sum(map(len, region.shape.holes)) <= MAX_POINTS


def test_thresholds_survive_the_card() -> None:
    chosen = Thresholds(0.5, 0.3, 0.6, 8)
    assert Thresholds.from_card({"thresholds": chosen.to_card()}) == chosen
    assert Thresholds.from_card({}) == Thresholds()
    assert chosen["bladder"] == pytest.approx(0.6)
