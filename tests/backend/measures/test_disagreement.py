"""What of two readings is contested."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backend.measures.disagreement import disagreement
from backend.measures.overlap import dice
from backend.records import AgreementRules, LabelMasks

RULES = AgreementRules(unmatched_lesion_pixels=4, bladder_pixels=4)
masks = arrays(bool, (10, 12), elements=st.booleans(), fill=st.just(False))
readings = st.tuples(masks, masks).map(lambda two: LabelMasks(two[0] & ~two[1], two[1]))


@given(readings, readings, st.booleans())
def test_it_does_not_matter_who_is_first(a, b, differs):
    one = disagreement(a, b, RULES, patient_call_differs=differs)
    other = disagreement(b, a, RULES, patient_call_differs=differs)
    assert one.dice == other.dice
    assert one.bladder == other.bladder
    assert one.contested == other.contested


@given(readings, readings)
def test_a_low_lesion_dice_always_leaves_something_to_decide(a, b):
    value = dice(a.metastasis, b.metastasis)
    found = disagreement(a, b, RULES)
    if value is not None and value < RULES.dice_floor:
        assert found.shapes or found.only_a or found.only_b


@given(readings)
def test_equal_readings_are_not_contested(reading):
    assert not disagreement(reading, reading, RULES).contested


@given(readings)
def test_a_differing_call_contests_every_lesion(reading):
    nothing = LabelMasks(np.zeros((10, 12), dtype=bool), reading.bladder)
    found = disagreement(reading, nothing, RULES, patient_call_differs=True)
    assert found.only_a == found.match.only_a
