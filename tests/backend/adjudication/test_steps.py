"""Steps and what they amount to; undoing takes back, and leaves no trace."""

from hypothesis import given
from hypothesis import strategies as st

from backend.adjudication.steps import CARRY, UNDOABLE, Step, carry_document, fold

KEYS = st.sampled_from(["one", "two", "three"])
PROJECTIONS = st.sampled_from(["anterior", "posterior"])
REGION = {"label": "metastasis", "rings": [[[0, 0], [4, 0], [4, 4]]]}
DETAILS = {
    "decide": st.fixed_dictionaries({"dispute": KEYS, "choice": st.sampled_from(["first", "second", "none"])}),
    "clear": st.fixed_dictionaries({"dispute": KEYS}),
    "exclude": st.fixed_dictionaries({"projection": PROJECTIONS, "reason": st.just("unreadable")}),
    "include": st.fixed_dictionaries({"projection": PROJECTIONS}),
    "add": st.fixed_dictionaries({"projection": PROJECTIONS, "keys": st.lists(KEYS, min_size=1, max_size=2)}).map(
        lambda detail: detail | {"regions": [REGION] * len(detail["keys"])}
    ),
    "remove": st.fixed_dictionaries({"key": KEYS}),
    "comment": st.fixed_dictionaries({"text": st.text(max_size=5)}),
    "show_model": st.just({"model": "m"}),
    "undo": st.just({}),
}
actions = st.one_of(*(st.tuples(st.just(action), detail) for action, detail in DETAILS.items()))


def numbered(taken):
    """Steps as they can be taken: an undo only where there is something to undo."""
    steps = []
    for action, detail in taken:
        if action != "undo" or fold(steps).can_undo:
            steps.append(Step(len(steps) + 1, action, detail))
    return steps


def without_undone(steps):
    """The same without the steps that were taken back and the undos themselves."""
    kept = []
    for step in steps:
        if step.action != "undo":
            kept.append(step)
        else:
            kept.remove(next(one for one in reversed(kept) if one.action in UNDOABLE))
    return kept


@given(st.lists(actions, max_size=30))
def test_undone_steps_leave_what_would_be_without_them(taken):
    steps = numbered(taken)
    with_undos, without = fold(steps), fold(without_undone(steps))
    assert with_undos.decided == without.decided
    assert (with_undos.comment, with_undos.model_shown) == (without.comment, without.model_shown)
    assert with_undos.can_undo == without.can_undo


@given(st.lists(actions, max_size=30))
def test_a_reload_at_any_step_continues_the_same(taken):
    steps = numbered(taken)
    states = [fold(steps[:count]) for count in range(len(steps) + 1)]
    assert [state.revision for state in states] == list(range(len(steps) + 1))
    assert fold(steps) == states[-1]


@given(st.lists(actions, max_size=20))
def test_carried_work_begins_where_the_other_stood(taken):
    stood = fold(numbered(taken))
    carried = fold([Step(1, CARRY, carry_document(stood, keep_model=True))])
    assert carried.decided == stood.decided
    assert (carried.comment, carried.model_shown, carried.can_undo) == (stood.comment, stood.model_shown, False)


def test_another_physician_has_not_seen_the_model():
    stood = fold([Step(1, "show_model", {"model": "m"})])
    assert not fold([Step(1, CARRY, carry_document(stood, keep_model=False))]).model_shown
