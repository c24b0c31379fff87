import numpy as np

from converters.groups import join_groups
from converters.rasterise import draw
from converters.regions import MaskPatch, Polygon, Region


def square(left, top, side, group=1, label="metastasis"):
    right, bottom = left + side, top + side
    ring = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Region(label, Polygon(ring), group=group)


def join(*regions):
    return join_groups([(f"shapes[{index}]", region) for index, region in enumerate(regions)])


def covered(regions):
    return int(draw(regions, (64, 64)).masks["metastasis"].sum())


def test_an_outline_inside_another_of_its_group_is_a_hole_in_it():
    regions, notes = join(square(0, 0, 20), square(5, 5, 10))
    assert len(regions) == 1
    assert covered(regions) == 400 - 100
    assert notes == ("shapes[1] is a hole in shapes[0], both of group 1",)


def test_the_order_of_the_shapes_does_not_matter():
    assert covered(join(square(5, 5, 10), square(0, 0, 20))[0]) == 300


def test_an_outline_inside_a_hole_is_a_part_again():
    regions, notes = join(square(0, 0, 30), square(5, 5, 20), square(10, 10, 10))
    assert covered(regions) == 900 - 400 + 100
    assert [region.group for region in regions] == [1, 1]
    assert len(notes) == 1


def test_each_hole_goes_to_the_part_that_it_lies_in():
    regions, _ = join(square(0, 0, 20), square(30, 0, 20), square(35, 5, 5), square(2, 2, 4))
    assert [len(region.shape.holes) for region in regions] == [1, 1]
    assert covered(regions) == 2 * 400 - 25 - 16


def test_parts_that_overlap_unite():
    regions, notes = join(square(0, 0, 20), square(10, 10, 20))
    assert covered(regions) == 700
    assert notes == ()


def test_outlines_without_a_group_or_of_another_group_or_label_stay_apart():
    regions = (square(0, 0, 20, None), square(5, 5, 10, None), square(6, 6, 3, 2), square(7, 7, 2, 1, "bladder"))
    assert join(*regions) == (regions, ())


def test_painted_shapes_and_outlines_that_cross_themselves_are_parts():
    painted = Region("metastasis", MaskPatch(5, 5, np.ones((3, 3), bool)), group=1)
    crossing = Region("metastasis", Polygon(((6, 6), (12, 12), (12, 6), (6, 12))), group=1)
    regions, notes = join(square(0, 0, 20), painted, crossing)
    assert len(regions) == 3
    assert notes == ()


def test_the_same_outline_twice_is_no_hole():
    assert covered(join(square(0, 0, 20), square(0, 0, 20))[0]) == 400


def test_a_hole_that_was_drawn_twice_stays_a_hole():
    regions, notes = join(square(0, 0, 20), square(5, 5, 10), square(5, 5, 10))
    assert covered(regions) == 300
    assert len(notes) == 2


def test_a_group_of_thousands_unites_without_holes_and_that_is_noted():
    regions, notes = join(*[square(0, 0, 20)] * 1000, square(5, 5, 10))
    assert len(regions) == 1001
    assert "unite" in notes[0]
