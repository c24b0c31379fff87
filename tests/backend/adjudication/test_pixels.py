"""The reference is exactly what the decisions say, pixel by pixel, by an evaluation of its own."""

import numpy as np
from hypothesis import HealthCheck, given
from hypothesis import settings as chances
from hypothesis import strategies as st

from backend.adjudication.case import CaseProjection, CaseStudy, masks_of
from backend.adjudication.compared import Compared
from backend.adjudication.consensus import mean_outline
from backend.adjudication.decide import choices_of
from backend.adjudication.findings import findings
from backend.adjudication.steps import Decided
from backend.records import AgreementRules, LabelMasks
from backend.store.sealed import SealedReading
from converters.grid import GRID_SHAPE

RULES = AgreementRules(unmatched_lesion_pixels=4, bladder_pixels=4)
ORDERS = ({"first": "a", "second": "b"}, {"first": "b", "second": "a"})
CORNER = (24, 30)
"""Everything is drawn in a corner of the grid, so that it meets."""

blocks = st.tuples(
    st.integers(0, CORNER[0] - 1),
    st.integers(0, CORNER[1] - 1),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from(["metastasis", "metastasis", "bladder"]),
)


@st.composite
def readings(draw):
    masks = {label: np.zeros(GRID_SHAPE, bool) for label in ("metastasis", "bladder")}
    for row, column, rows, columns, label in draw(st.lists(blocks, max_size=5)):
        masks[label][row : row + rows, column : column + columns] = True
    return LabelMasks(masks["metastasis"] & ~masks["bladder"], masks["bladder"])


@st.composite
def cases(draw):
    """A case of one projection, some decisions on it, and blocks that the physician drew."""
    a, b, differs = draw(readings()), draw(readings()), draw(st.booleans())
    found = findings(a, b, RULES, patient_call_differs=differs)
    sides = [SealedReading(number, "", "blind", None, masks) for number, masks in enumerate((a, b))]
    compared = Compared(1, "anterior", sides[0], sides[1], differs, found)
    projection = CaseProjection(1, "anterior", {}, None, compared)
    case = CaseStudy(1, "P1", False, draw(st.sampled_from(ORDERS)), (projection,))
    decisions, drawn = {}, {}
    for dispute in found.disputes:
        choice = draw(st.sampled_from([*case.shown(choices_of(dispute)), None]))
        if choice is not None:
            drawn[dispute.key] = draw(st.lists(blocks, min_size=1, max_size=2)) if choice == "edit" else []
            regions = [region(block) for block in drawn[dispute.key]]
            decisions[dispute.key] = {"choice": choice, "reason": None, "regions": regions or None}
    added = draw(st.lists(blocks, max_size=2))
    additions = {str(n): {"projection": "anterior", "region": region(block)} for n, block in enumerate(added)}
    return case, Decided(decisions, {}, additions), drawn, added


def region(block):
    top, left, rows, columns, label = block
    bottom, right = top + rows, left + columns
    return {"label": label, "rings": [[[left, top], [right, top], [right, bottom], [left, bottom]]]}


def on_grid(dispute, side):
    whole = np.zeros(GRID_SHAPE, bool)
    if side is not None:
        rows, columns = side.mask.shape
        whole[dispute.at[0] : dispute.at[0] + rows, dispute.at[1] : dispute.at[1] + columns] = side.mask
    return whole


def said_of(case, dispute, decision):
    """The label that a dispute's pixels get, None for neither, and which pixels these are."""
    a, b = on_grid(dispute, dispute.a), on_grid(dispute, dispute.b)
    held = {"a": dispute.a, "b": dispute.b}
    choice = case.order.get(decision["choice"], decision["choice"]) if decision else "rule"
    if choice == "rule":
        one_label = len({side.label for side in dispute.sides}) == 1
        return (dispute.label, mean_outline(a, b)) if one_label and (a & b).any() else (None, a | b)
    if choice in held and held[choice] is not None:
        return held[choice].label, a if choice == "a" else b
    drawn = {"union": a | b, "intersection": a & b, "midway": mean_outline(a, b) if (a & b).any() else a}
    return dispute.label, drawn.get(choice, np.zeros(GRID_SHAPE, bool))


def evaluated(case, decided, drawn, added):
    """What every pixel is, said anew: settled findings by the rule, then what each decision says."""
    said = {"metastasis": np.zeros(GRID_SHAPE, bool), "bladder": np.zeros(GRID_SHAPE, bool)}
    ignored = np.zeros(GRID_SHAPE, bool)
    (projection,) = case.projections
    for part in projection.compared.findings.settled:
        for target, mask in ((said[part.label], part.mask), (ignored, part.ignored)):
            if mask is not None:
                for row, column in zip(*np.nonzero(mask), strict=True):
                    target[row + part.at[0], column + part.at[1]] = True
    for dispute in projection.disputes:
        label, mask = said_of(case, dispute, decided.decisions.get(dispute.key))
        (ignored if label is None else said[label])[mask] = True
    for top, left, rows, columns, label in [*added, *(block for blocks in drawn.values() for block in blocks)]:
        said[label][top : top + rows, left : left + columns] = True
    metastasis = said["metastasis"] & ~said["bladder"]
    return metastasis, said["bladder"], ignored & ~metastasis & ~said["bladder"]


@chances(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cases())
def test_the_reference_is_what_the_decisions_say(example):
    case, decided, drawn, added = example
    made = masks_of(case, case.projections[0], decided)
    metastasis, bladder, ignored = evaluated(case, decided, drawn, added)
    assert np.array_equal(made.metastasis, metastasis)
    assert np.array_equal(made.bladder, bladder)
    assert np.array_equal(made.ignored, ignored)


@chances(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(readings(), readings(), st.booleans())
def test_every_pixel_of_a_reading_belongs_to_one_finding(a, b, differs):
    """Of each reading: no pixel is asked about twice, and what is settled is not asked."""
    found = findings(a, b, RULES, patient_call_differs=differs)
    for name, reading in (("a", a), ("b", b)):
        asked = np.zeros(GRID_SHAPE, int)
        for dispute in found.disputes:
            asked += on_grid(dispute, dispute.a if name == "a" else dispute.b)
        assert asked.max() <= 1
        assert not (asked.astype(bool) & ~(reading.metastasis | reading.bladder)).any()


@given(readings(), readings())
def test_the_same_question_has_the_same_key_and_no_two_share_one(a, b):
    keys = [one.key for one in findings(a, b, RULES).disputes]
    assert keys == [one.key for one in findings(a, b, RULES).disputes]
    assert len(keys) == len(set(keys))
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in keys)
