"""The order in which a reader meets the studies."""

from hypothesis import given
from hypothesis import strategies as st

from backend.worklist.order import reading_order

tokens = st.lists(st.text(min_size=1), unique=True, max_size=30)


@given(tokens, st.integers(), st.integers(1, 9))
def test_the_order_is_the_same_whoever_asks_and_loses_nobody(names: list[str], seed: int, reader: int) -> None:
    order = reading_order(seed, reader, names)
    assert order == reading_order(seed, reader, reversed(names))
    assert sorted(order) == sorted(names)


@given(tokens, st.text(min_size=1))
def test_a_new_study_does_not_reorder_the_others(names: list[str], late: str) -> None:
    before = reading_order(0, 1, [name for name in names if name != late])
    after = reading_order(0, 1, {*names, late})
    assert [name for name in after if name != late] == before


def test_sequestered_studies_lie_among_the_others_at_their_natural_share() -> None:
    names = [f"{'test' if number % 5 == 0 else 'open'}{number}" for number in range(500)]
    order = reading_order(3, 1, names)
    for quarter in range(4):
        part = order[quarter * 125 : (quarter + 1) * 125]
        assert 12 <= sum(name.startswith("test") for name in part) <= 40
