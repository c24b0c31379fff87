"""Who reads what, and in which order."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.records import Exposure
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader
from backend.worklist.assign import assign, reading_order, record_shown, worklist

tokens = st.lists(st.text(min_size=1), unique=True, max_size=30)


def odd_readers_assisted(number: int, token: str, sequestered: bool) -> Exposure:
    return "assisted" if number % 2 and not sequestered else "blind"


def nobody_assisted(number: int, token: str, sequestered: bool) -> Exposure:
    return "blind"


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


def test_every_reader_gets_every_study_once(
    settings: Settings, add_study: Callable[..., object], add_reader: Callable[..., int]
) -> None:
    for number in range(3):
        add_study(f"s{number}")
    add_reader("a", 1)
    add_reader("b", 2)
    assert assign(settings, odd_readers_assisted) == 6
    assert assign(settings, odd_readers_assisted) == 0
    add_study("s3")
    assert assign(settings, odd_readers_assisted) == 2


def test_an_exposure_once_decided_stands(
    settings: Settings, add_study: Callable[..., object], add_reader: Callable[..., int]
) -> None:
    add_study("s0")
    add_reader("a", 1)
    assign(settings, odd_readers_assisted)
    assign(settings, nobody_assisted)
    with open_session(settings) as session:
        assert session.scalars(select(Assignment.exposure)).all() == ["assisted"]


def test_the_policy_hears_which_studies_are_sequestered(
    settings: Settings, add_study: Callable[..., object], add_reader: Callable[..., int]
) -> None:
    add_study("hidden", sequestered=True)
    add_study("open")
    add_reader("a", 1)
    assign(settings, odd_readers_assisted)
    with open_session(settings) as session:
        reader = session.scalars(select(Reader)).one()
        seen = {entry.study.token: entry.exposure for entry in worklist(session, reader, settings.seed)}
    assert seen == {"hidden": "blind", "open": "assisted"}


def test_nothing_is_ever_noted_as_shown_on_a_blind_case(
    settings: Settings, add_study: Callable[..., object], add_reader: Callable[..., int]
) -> None:
    add_study("s0")
    add_reader("a", 1)
    add_reader("b", 2)
    assign(settings, odd_readers_assisted)
    with open_session(settings) as session:
        record_shown(session, session.scalars(select(Assignment.id)), "model-1")
    with open_session(settings) as session:
        shown = {entry.exposure: entry.shown_model for entry in session.scalars(select(Assignment))}
    assert shown == {"assisted": "model-1", "blind": None}
