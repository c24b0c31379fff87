import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from converters.errors import BadRegion
from converters.rasterise import draw
from converters.regions import MaskPatch, Polygon, Region
from converters.trace import as_polygons, is_editable, points_of, simplify, trace

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))

EIGHT = np.ones((3, 3))


def components(mask):
    return ndimage.label(mask, EIGHT)[1]


def holes_of(mask):
    """How many 4-connected pieces of background the 4-connected outside does not reach."""
    return ndimage.label(~np.pad(mask, 1))[1] - 1


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def noise(seed, shape, share, grain=1):
    coarse = np.random.default_rng(seed).random([-(-side // grain) for side in shape]) < share
    return np.kron(coarse, np.ones((grain, grain), bool))[: shape[0], : shape[1]]


def nested(size):
    """Frames within frames, each one pixel apart, an island in the middle."""
    rows, columns = np.indices((size, size))
    return np.minimum.reduce([rows, columns, size - 1 - rows, size - 1 - columns]) % 2 == 0


def checkerboard(rows, columns):
    return np.indices((rows, columns)).sum(axis=0) % 2 == 0


def islands():
    mask = np.zeros((40, 30), bool)
    mask[::3, ::4] = True
    return mask


def body():
    """Lesions, a bladder with a hole, and single pixels in the corners, on the normalised grid."""
    mask = noise(3, (1024, 256), 0.01, grain=5)
    rows, columns = np.mgrid[:1024, :256]
    for radius, inside in ((20, True), (7, False), (3, True)):
        mask[(rows - 520) ** 2 + (columns - 128) ** 2 <= radius**2] = inside
    mask[[0, 0, -1, -1], [0, -1, 0, -1]] = True
    return mask


SHAPES = {
    "nothing": np.zeros((7, 5), bool),
    "no pixels": np.zeros((0, 5), bool),
    "no columns": np.zeros((5, 0), bool),
    "everything": np.ones((7, 5), bool),
    "one pixel is the image": np.ones((1, 1), bool),
    "one row": np.array([[True, False, True, True]]),
    "one column": np.array([[True], [False], [True], [True]]),
    "checkerboard": checkerboard(9, 8),
    "the other checkerboard": ~checkerboard(9, 8),
    "diagonal": np.eye(9, dtype=bool),
    "the other diagonal": np.eye(9, dtype=bool)[::-1],
    "all but the diagonal": ~np.eye(9, dtype=bool),
    "frames in frames": nested(21),
    "frames in a full image": ~nested(21),
    "islands of one pixel": islands(),
    "holes of one pixel": ~islands(),
    "body": body(),
    "noise": noise(0, (120, 90), 0.5),
    "sparse noise": noise(1, (300, 200), 0.05),
    "dense noise": noise(2, (300, 200), 0.95),
    "wider than 16 bits count": noise(4, (2, 70_000), 0.3, grain=7),
    "large": noise(5, (3000, 2000), 0.3, grain=50),
}


def pieces_drawn(regions, shape):
    """The pixels of each region, as bytes: a set that knows no order."""
    return {draw([region], shape).masks[region.label].tobytes() for region in regions}


def pieces_of(mask):
    labels, count = ndimage.label(mask, EIGHT)
    return {(labels == number).tobytes() for number in range(1, count + 1)}


def assert_exact(mask):
    regions = trace(mask, "bladder")
    drawing = draw(regions, mask.shape)
    assert np.array_equal(drawing.masks["bladder"], mask)
    assert drawing.one_pixel_parts == drawing.clipped_parts == 0
    assert len(regions) == components(mask)
    assert sum(len(region.shape.holes) for region in regions) == holes_of(mask)


@given(masks)
def test_a_mask_comes_back_exactly_from_its_outlines(mask):
    assert_exact(mask)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 70), st.integers(1, 70), st.floats(0, 1), st.integers(1, 4))
def test_noise_of_any_density_and_grain_comes_back_exactly(seed, rows, columns, share, grain):
    assert_exact(noise(seed, (rows, columns), share, grain))


@pytest.mark.parametrize("mask", SHAPES.values(), ids=SHAPES)
def test_any_shape_comes_back_exactly(mask):
    assert_exact(mask)


@given(masks)
def test_every_8_connected_component_is_one_region_with_its_holes(mask):
    regions = trace(mask, "metastasis", score=0.5)
    assert pieces_drawn(regions, mask.shape) == pieces_of(mask)
    assert len(regions) == components(mask)


def test_islands_in_holes_belong_to_no_other_region():
    regions = trace(nested(21), "bladder")
    assert [len(region.shape.holes) for region in regions] == [1, 1, 1, 1, 1, 0]
    assert pieces_drawn(regions, (21, 21)) == pieces_of(nested(21))


@given(masks)
def test_every_point_is_a_corner_on_the_pixel_grid(mask):
    for region in trace(mask, "bladder"):
        for ring in (region.shape.exterior, *region.shape.holes):
            assert all(type(number) is float and number.is_integer() for point in ring for number in point)
            steps = np.diff([*ring, ring[0]], axis=0)
            assert (np.count_nonzero(steps, axis=1) == 1).all()
            assert (np.count_nonzero(steps[1:] * steps[:-1], axis=1) == 0).all()
            assert len(ring) % 2 == 0


def test_outlines_begin_at_the_top_left_and_go_clockwise_holes_the_other_way():
    frame = np.ones((3, 3), bool)
    frame[1, 1] = False
    (region,) = trace(frame, "bladder")
    assert region.shape.exterior == ((0, 0), (3, 0), (3, 3), (0, 3))
    assert region.shape.holes == (((1, 2), (2, 2), (2, 1), (1, 1)),)


def test_regions_come_topmost_first():
    mask = np.zeros((9, 9), bool)
    mask[5, 0] = mask[1, 7] = mask[1, 2] = True
    assert [region.shape.exterior[0] for region in trace(mask, "bladder")] == [(2, 1), (7, 1), (0, 5)]


def test_pixels_that_touch_by_a_corner_stay_one_region():
    assert len(trace(np.eye(4, dtype=bool), "metastasis")) == 1


def test_background_that_touches_the_outside_by_a_corner_is_a_hole():
    mask = np.ones((4, 4), bool)
    mask[0, 0] = mask[1, 1] = False
    assert [len(region.shape.holes) for region in trace(mask, "bladder")] == [1]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(np.asfortranarray, id="column by column"),
        pytest.param(lambda mask: np.repeat(mask, 2, axis=1)[:, ::2], id="every other column of another"),
        pytest.param(lambda mask: np.pad(mask, 3)[3:-3, 3:-3], id="a part of another"),
        pytest.param(lambda mask: 255 * mask.astype(np.uint8), id="bytes"),
    ],
)
def test_outlines_are_the_same_however_the_mask_lies_in_memory(other):
    assert trace(other(body()), "bladder") == trace(body(), "bladder")


def test_holes_stay_holes_and_the_score_is_kept():
    ring = np.ones((5, 5), bool)
    ring[1:4, 1:4] = False
    (region,) = trace(ring, "bladder", score=0.75)
    assert len(region.shape.holes) == 1
    assert region.score == 0.75


@given(masks, st.integers(0, 3), st.integers(0, 3))
def test_a_painted_region_covers_what_its_outlines_cover(pixels, column, row):
    painted = Region("bladder", MaskPatch(column, row, pixels), score=0.5)
    by_outline = draw(as_polygons(painted), (20, 20)).masks["bladder"]
    assert np.array_equal(by_outline, draw([painted], (20, 20)).masks["bladder"])


def blobs(seed, smoothing):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(200, 128)), smoothing)
    return noise > np.quantile(noise, 0.9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.5, 6))
def test_a_simplified_lesion_keeps_its_dice_within_60_points(seed, smoothing):
    mask = blobs(seed, smoothing)
    for region in trace(mask, "metastasis"):
        original = draw([region], mask.shape).masks["metastasis"]
        simple = simplify(region, mask.shape)
        floor = 0.95 if original.sum() >= 50 else 0.90
        assert points_of(simple) <= 60
        assert dice(draw([simple], mask.shape).masks["metastasis"], original) >= floor


@given(masks)
def test_the_dice_floor_holds_even_where_60_points_are_too_few(mask):
    for region in trace(mask, "metastasis"):
        original = draw([region], mask.shape).masks["metastasis"]
        kept = draw([simplify(region, mask.shape, max_points=8)], mask.shape).masks["metastasis"]
        assert dice(kept, original) >= (0.95 if original.sum() >= 50 else 0.90)


def test_the_dice_floor_holds_for_lace():
    mask = noise(7, (120, 80), 0.6, grain=2)
    for region in trace(mask, "metastasis"):
        simple = simplify(region, mask.shape)
        kept, original = (draw([one], mask.shape).masks["metastasis"] for one in (simple, region))
        assert dice(kept, original) >= (0.95 if original.sum() >= 50 else 0.90)
        assert points_of(simple) <= points_of(region)


def test_a_region_with_few_enough_points_stays_as_it_is():
    (region,) = trace(nested(3), "bladder")
    assert simplify(region, (3, 3)) == region


def disc(radius, hole=0):
    rows, columns = np.mgrid[: 2 * radius + 5, : 2 * radius + 5] - radius - 2
    return (rows**2 + columns**2 <= radius**2) & (rows**2 + columns**2 >= hole**2)


@pytest.mark.parametrize(
    ("mask", "editable"),
    [
        pytest.param(disc(30), True, id="a large disc"),
        pytest.param(disc(30, hole=12), False, id="with a hole that matters"),
        pytest.param(disc(30, hole=1), True, id="with a hole narrower than the outline is moved"),
        pytest.param(noise(7, (40, 30), 0.62), False, id="lace"),
    ],
)
def test_what_cannot_be_one_plain_outline_of_few_points_says_so(mask, editable):
    region = max(trace(mask, "bladder"), key=points_of)
    simple = simplify(region, mask.shape)
    assert is_editable(simple) == editable
    assert is_editable(simple, max_points=3) is False


def test_a_painted_region_is_editable_only_once_it_is_an_outline():
    painted = Region("bladder", MaskPatch(0, 0, disc(3)))
    assert not is_editable(painted)
    assert is_editable(simplify(painted, (20, 20)))


def test_an_outline_that_reaches_beyond_the_image_is_judged_by_what_lies_inside():
    circle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    round_one = Region("bladder", Polygon(tuple(zip(20 * np.cos(circle), 15 + 20 * np.sin(circle), strict=True))))
    simple = simplify(round_one, (30, 30))
    kept, original = (draw([one], (30, 30)).masks["bladder"] for one in (simple, round_one))
    assert points_of(simple) <= 60
    assert dice(kept, original) >= 0.95


def test_simplifying_keeps_what_else_the_region_says():
    region = Region("bladder", Polygon(((0, 0), (9, 0), (9, 9), (0, 9))), score=0.5, suggested=True)
    assert simplify(region, (10, 10)) == region


def test_painted_pieces_apart_from_each_other_cannot_be_simplified_into_one():
    apart = Region("bladder", MaskPatch(0, 0, np.array([[True, False, True]])))
    with pytest.raises(BadRegion, match="2 pieces"):
        simplify(apart, (4, 4))
