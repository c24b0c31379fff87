import numpy as np
import pytest

from converters.drawn import DrawnImage, Origin
from converters.errors import WouldLose
from converters.instances import instances_of
from converters.rasterise import draw
from converters.regions import MaskPatch, Polygon, Region

SHAPE = (40, 40)


def square(left, top, side, group=None, label="metastasis"):
    right, bottom = left + side, top + side
    return Region(label, Polygon(((left, top), (right, top), (right, bottom), (left, bottom))), group=group)


def numbered(*regions, shape=SHAPE):
    drawn = DrawnImage(Origin("a.json", "0", "labelme", ""), "a", None, "a.png", *shape, regions)
    return instances_of(drawn, draw(regions, shape), "metastasis")


def test_each_8_connected_component_is_a_lesion_numbered_from_the_top():
    numbers = numbered(square(20, 20, 5), square(0, 0, 5), square(5, 5, 2))
    assert set(np.unique(numbers)) == {0, 1, 2}
    assert numbers[0, 0] == numbers[6, 6] == 1
    assert numbers[22, 22] == 2


def test_parts_of_one_group_are_one_lesion():
    numbers = numbered(square(0, 0, 5, group=7), square(10, 0, 5), square(20, 0, 5, group=7), square(30, 0, 5, group=8))
    assert [numbers[2, column] for column in (2, 12, 22, 32)] == [1, 2, 1, 3]


def test_a_component_that_two_groups_share_joins_them():
    regions = (square(0, 0, 5, 1), square(10, 0, 5, 1), square(12, 0, 5, 2), square(30, 0, 5, 2))
    numbers = numbered(*regions)
    assert set(np.unique(numbers)) == {0, 1}


def test_the_bladder_is_taken_away_first():
    numbers = numbered(square(0, 0, 9), square(3, 0, 3, label="bladder"), square(3, 3, 6, label="bladder"))
    assert set(np.unique(numbers[:3])) == {0, 1, 2}


def test_more_lesions_than_16_bits_can_number_are_refused():
    dots = np.zeros((600, 600), bool)
    dots[::2, ::2] = True
    with pytest.raises(WouldLose, match="90,000 lesions"):
        numbered(Region("metastasis", MaskPatch(0, 0, dots)), shape=dots.shape)
