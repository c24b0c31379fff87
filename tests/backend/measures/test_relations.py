"""How the lesions of two readings relate: matched, alone, split, merged, label swapped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.measures.disagreement import bladders_without_swaps, disagreement
from backend.measures.lesions import Relation, match, relations
from backend.records import AgreementRules, LabelMasks

RULES = AgreementRules(unmatched_lesion_pixels=4, bladder_pixels=4)
MIRRORED = {"only_a": "only_b", "only_b": "only_a", "split": "merged", "merged": "split"}
values = arrays(np.uint8, (9, 12), elements=st.sampled_from([0, 0, 1, 1, 2]))
readings = values.map(lambda pixels: LabelMasks(pixels == 1, pixels == 2))


def strip(text):
    """A reading of four equal rows: `m` metastasis, `b` bladder, `.` nothing."""
    pixels = np.array([list(text)] * 4)
    return LabelMasks(pixels == "m", pixels == "b")


def related(a, b):
    return relations(match(a.metastasis, b.metastasis), a.bladder, b.bladder)


STRIPS = {
    "the same lesion": ("mmmm....", "mmm.....", [("matched", (1,), (1,))]),
    "one reading alone": ("mmm.....", "......mm", [("only_a", (1,), ()), ("only_b", (), (1,))]),
    "one lesion drawn as two": ("mmmmmmmm", "mmm.mmmm", [("split", (1,), (1, 2))]),
    "two lesions drawn as one": ("mmm.mmmm", "mmmmmmmm", [("merged", (1, 2), (1,))]),
    "a piece hangs by less than half": (
        "mmmmm.....",
        "mmm.mmmm..",
        [("matched", (1,), (1,)), ("only_b", (), (2,))],
    ),
    "a speck in a large lesion": ("m" * 20, "m" + "." * 19, [("inside", (1,), (1,))]),
    "a lesion that the other calls bladder": ("mmmm....", ".bbb....", [("label", (1,), ())]),
    "the other way round": (".bbb....", "mmmm....", [("label", (), (1,))]),
    "less than half bladder": ("mmmmm...", "...bb...", [("only_a", (1,), ())]),
}


@pytest.mark.parametrize(("a", "b", "expected"), STRIPS.values(), ids=STRIPS.keys())
def test_lesions_relate(a, b, expected):
    assert related(strip(a), strip(b)) == tuple(Relation(*one) for one in expected)


@given(readings, readings)
def test_every_lesion_is_in_exactly_one_relation(a, b):
    found = match(a.metastasis, b.metastasis)
    every = relations(found, a.bladder, b.bladder)
    assert sorted(i for one in every for i in one.a) == list(range(1, len(found.sizes_a)))
    assert sorted(j for one in every for j in one.b) == list(range(1, len(found.sizes_b)))


@given(readings, readings)
def test_the_kinds_do_not_depend_on_who_is_first(a, b):
    def kinds(x, y):
        found = disagreement(x, y, RULES)
        # equally good matchings may differ in whom they leave without partner
        return None if _ties(found) else found.relations

    one, other = kinds(a, b), kinds(b, a)
    if one is not None and other is not None:
        several = {(r.b, r.a): MIRRORED.get(r.kind, r.kind) for r in other}
        for relation in one:
            mirrored = several[relation.a, relation.b]
            both_several = len(relation.a) == len(relation.b) > 1
            assert both_several or mirrored == relation.kind


def _ties(found):
    ratios = found.match.overlaps[1:, 1:]
    return bool(ratios.size) and (
        np.count_nonzero(ratios, axis=0).max() > 1 or np.count_nonzero(ratios, axis=1).max() > 1
    )


@given(readings, readings, st.booleans())
def test_what_stands_against_a_lesion_is_the_others_bladder_and_no_ones_else(a, b, differs):
    found = disagreement(a, b, RULES, patient_call_differs=differs)
    taken = np.zeros(a.bladder.shape, dtype=int)
    for swap in found.swaps:
        mine, other = (a, b) if swap.side == "a" else (b, a)
        assert swap.bladder.any()
        assert not (swap.bladder & ~other.bladder).any()
        assert not (swap.bladder & mine.bladder).any()
        taken += swap.bladder
    assert taken.max() <= 1
    left_a, left_b = bladders_without_swaps(a, b, found.swaps)
    assert np.count_nonzero(left_a) + np.count_nonzero(left_b) + taken.sum() == np.count_nonzero(
        a.bladder
    ) + np.count_nonzero(b.bladder)


def test_a_swapped_lesion_takes_the_whole_piece_of_bladder_and_leaves_none_to_decide():
    found = disagreement(strip("mmmm....."), strip(".bbbb...."), RULES)
    (swap,) = found.swaps
    assert (swap.side, swap.lesion) == ("a", 1)
    assert np.array_equal(swap.bladder, strip(".bbbb....").bladder)
    assert not found.bladder


def test_of_a_larger_bladder_only_the_lesions_own_pixels_are_swapped():
    found = disagreement(strip("mm..bbbbbb"), strip("bbbbbbbbbb"), RULES)
    (swap,) = found.swaps
    assert np.array_equal(swap.bladder, strip("bb........").bladder)
    assert not found.bladder
