from dataclasses import dataclass, replace

import numpy as np
import pytest

from backend.measures.overlap import dice
from backend.phantom.adjudicator import decide
from backend.phantom.cohort import PhantomStudy, cohort
from backend.phantom.preset import DEMO
from backend.phantom.readers import habits, read
from backend.records import PROJECTIONS, LabelMasks
from converters.grid import GRID_COLUMNS, GRID_ROWS, GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Label, Mask, Polygon
from converters.trace import trace

SEEING = replace(DEMO, name="seeing", miss_snr=1.0, call_share=0.0)


@pytest.fixture(scope="module")
def positive() -> PhantomStudy:
    return next(study for study in cohort(SEEING, 10, seed=3) if study.visit.metastasis)


@pytest.fixture(scope="module")
def negative() -> PhantomStudy:
    return next(study for study in cohort(SEEING, 10, seed=3) if not study.visit.metastasis)


def square(top: int, left: int, size: int = 12) -> Mask:
    mask = np.zeros(GRID_SHAPE, dtype=np.bool_)
    mask[top : top + size, left : left + size] = True
    return mask


def test_the_same_seed_draws_the_same_and_readers_differ(positive: PhantomStudy) -> None:
    assert read(positive, 0, seed=1) == read(positive, 0, seed=1)
    assert read(positive, 0, seed=1) != read(positive, 1, seed=1)
    assert habits(DEMO, 0, 1).bias_px > habits(DEMO, 1, 1).bias_px


def test_outlines_lie_in_the_image_and_have_at_most_60_points(positive: PhantomStudy) -> None:
    for regions in read(positive, 0, seed=1).values():
        for region in regions:
            assert isinstance(region.shape, Polygon)
            assert len(region.shape.exterior) <= 60
            assert all(0 <= column <= GRID_COLUMNS and 0 <= row <= GRID_ROWS for column, row in region.shape.exterior)


def test_a_reader_who_misses_nothing_comes_near_the_truth(positive: PhantomStudy) -> None:
    for projection, regions in read(positive, 0, seed=1).items():
        drawn = draw(regions, GRID_SHAPE).disjoint()
        for label, truth in positive.projections[projection].truth.items():
            assert not truth.any() or 0.5 < (dice(drawn[label], truth) or 0) < 1


def test_without_metastases_only_the_bladder_is_drawn(negative: PhantomStudy) -> None:
    for regions in read(negative, 0, seed=1).values():
        assert {region.label for region in regions} <= {"bladder"}


def test_a_reader_who_believes_everything_calls_look_alikes_metastases(negative: PhantomStudy) -> None:
    gullible = replace(negative, preset=replace(SEEING, call_share=5.0))
    found = [region.label for regions in read(gullible, 0, seed=1).values() for region in regions]
    assert "metastasis" in found


def test_perfect_suggestions_are_left_as_they_are(positive: PhantomStudy) -> None:
    suggestions = {
        projection: tuple(region for label, mask in image.truth.items() for region in trace(mask, label, score=0.9))
        for projection, image in positive.projections.items()
    }
    assisted = read(positive, 0, seed=1, suggestions=suggestions)
    kept = [region for regions in assisted.values() for region in regions if region.suggested]
    assert kept
    assert {region.score for region in kept} == {0.9}
    assert {region.shape for region in kept} <= {r.shape for regions in suggestions.values() for r in regions}


def test_with_no_suggestion_made_an_assisted_reader_draws_what_a_blind_one_draws(positive: PhantomStudy) -> None:
    assert read(positive, 1, seed=1, suggestions={}) == read(positive, 1, seed=1)


def test_baseless_suggestions_are_mostly_deleted(negative: PhantomStudy) -> None:
    corners = [(10 + 40 * step, 5) for step in range(20)]
    false = tuple(region for top, left in corners for region in trace(square(top, left), "metastasis"))
    assisted = read(negative, 0, seed=1, suggestions=dict.fromkeys(PROJECTIONS, false))
    left_in = sum(region.label == "metastasis" for regions in assisted.values() for region in regions)
    assert left_in < len(false)


@dataclass(frozen=True)
class OneSide:
    label: Label
    mask: Mask


@dataclass(frozen=True)
class OneDispute:
    identifier: int
    at: tuple[int, int]
    a: OneSide | None
    b: OneSide | None


def dispute(a: Mask | None, b: Mask | None) -> OneDispute:
    """In the smallest frame that holds both."""
    rows, columns = np.nonzero(np.logical_or.reduce([mask for mask in (a, b) if mask is not None]))
    frame = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    sides = [None if mask is None else OneSide("metastasis", mask[frame]) for mask in (a, b)]
    return OneDispute(4, (int(rows.min()), int(columns.min())), *sides)


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        pytest.param(square(101, 51), square(106, 56), "a", id="the better outline wins"),
        pytest.param(None, square(103, 50), "b", id="a lesion that only one reader saw"),
        pytest.param(square(400, 100), None, "none", id="a look-alike"),
        pytest.param(square(400, 100), square(402, 101), "none", id="a look-alike that deceived both"),
    ],
)
def test_the_adjudicator_takes_the_side_nearest_to_the_truth(a: Mask | None, b: Mask | None, answer: str) -> None:
    truth = LabelMasks(metastasis=square(100, 50) | square(800, 200), bladder=square(500, 120))
    assert decide(truth, [dispute(a, b)]) == {4: answer}
