"""Hidden repeats: which studies come again, when, and under which name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.settings import Settings
from backend.store.images import find_images
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Reading, Study, now
from backend.worklist.assign import assign
from backend.worklist.order import reading_order, shown_token, worklist
from backend.worklist.repeats import is_picked, put_in_repeats

AddReading = Callable[..., int]


@pytest.fixture
def often(settings: Settings) -> Settings:
    """Nearly every study is to be repeated, after 14 days."""
    return settings.model_copy(update={"repeat_share": 0.999})


@pytest.fixture
def read_once(often: Settings, add_study: Any, add_reader: Any, add_reading: AddReading, policy: Any) -> dict[str, int]:
    """Study `s0` with its images, read blind by anna (assignment 1) 20 days ago."""
    images: dict[str, int] = add_study("s0")
    anna = add_reader("anna", 1)
    assign(often, type(policy)(frozenset({"s0"})))
    for image in images.values():
        add_reading(anna, image)
    age(often, 20)
    return images


def age(settings: Settings, days: float) -> None:
    with open_session(settings) as session:
        session.execute(update(Reading).values(sealed=now() - timedelta(days=days)))


def test_what_was_read_blind_long_enough_ago_comes_once_more_and_blind(
    often: Settings, read_once: Any, worklists: Any
) -> None:
    assert (put_in_repeats(often), put_in_repeats(often)) == (1, 0)
    assert worklists() == {"s0": {"anna": "blind"}, "repeat of s0": {"anna": "blind"}}


@pytest.mark.parametrize(
    "why", ["not long enough ago", "assisted", "one projection unread", "the reader left", "withdrawn", "no repeats"]
)
def test_nothing_else_comes_again(
    often: Settings, read_once: Any, worklists: Any, change_reader: Any, why: str
) -> None:
    changes = {"assisted": {"exposure": "assisted"}, "withdrawn": {"withdrawn": True}}
    with open_session(often) as session:
        reading = session.scalars(select(Reading).limit(1)).one()
        for key, value in changes.get(why, {}).items():
            setattr(reading, key, value)
        if why == "one projection unread":
            session.delete(reading)
    if why == "the reader left":
        change_reader("anna", left=now())
    if why == "not long enough ago":
        age(often, 13)
    assert put_in_repeats(often if why != "no repeats" else often.model_copy(update={"repeat_share": 0.0})) == 0


def test_the_alias_looks_like_a_token_and_leads_to_the_same_images(often: Settings, read_once: dict[str, int]) -> None:
    put_in_repeats(often)
    with open_session(often) as session:
        [alias] = session.scalars(select(Assignment.token).where(Assignment.purpose == "repeat"))
        assert alias
        assert len(alias) == 16
        assert set(alias) <= set("0123456789abcdef")
        for projection, image_id in read_once.items():
            [(image, space)] = find_images(session, often, f"{alias}_{projection}_low.png")
            assert (image.id, space) == (image_id, "grid")


def test_repeats_lie_among_the_other_studies_in_reading_order(
    often: Settings, read_once: Any, add_study: Any, policy: Any
) -> None:
    put_in_repeats(often)
    for number in range(1, 30):
        add_study(f"s{number}")
    assign(often, policy)
    with open_session(often) as session:
        reader = session.scalars(select(Reader)).one()
        shown = [shown_token(one) for one in worklist(session, reader, often.seed)]
    assert shown == reading_order(often.seed, reader.number, set(shown))
    assert len(shown) == 31


def test_they_come_a_few_at_a_time_at_about_their_share_of_what_is_still_to_read(
    settings: Settings, add_study: Any, add_reader: Any, add_reading: AddReading, policy: Any, worklists: Any
) -> None:
    settings = settings.model_copy(update={"repeat_share": 0.4, "repeat_days": 0.0})
    anna = add_reader("anna", 1)
    for number in range(20):
        for image in add_study(f"s{number}").values():
            add_reading(anna, image)
    assign(settings, policy)
    assert (put_in_repeats(settings), put_in_repeats(settings)) == (1, 0)
    for number in range(20, 25):
        add_study(f"s{number}")
    assign(settings, policy)
    assert (put_in_repeats(settings), put_in_repeats(settings)) == (1, 0)
    [first, second] = [name for name in worklists() if name.startswith("repeat of")]
    assert first != second


def test_about_the_share_is_picked_and_for_each_reader_others(settings: Settings) -> None:
    tokens = [f"study{number}" for number in range(4000)]
    picked = [{token for token in tokens if is_picked(settings, reader, token)} for reader in (1, 2)]
    assert all(140 <= len(one) <= 260 for one in picked)
    assert len(picked[0] & picked[1]) < 40


def test_a_sequestered_study_may_come_again(
    often: Settings, add_study: Any, add_reader: Any, add_reading: AddReading, policy: Any, worklists: Any
) -> None:
    images = add_study("hidden", sequestered=True)
    anna = add_reader("anna", 1)
    assign(often, policy)
    for image in images.values():
        add_reading(anna, image)
    age(often, 15)
    assert put_in_repeats(often) == 1
    with open_session(often) as session:
        assert session.scalars(select(Study)).one().control is False
