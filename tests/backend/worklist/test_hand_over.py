"""Readers come, leave and return; nothing is read by nobody for long."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.errors import InputError, NotFound, WrongState
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, AuditEntry, Reader
from backend.worklist import hand_over
from backend.worklist.assign import assign

BY = "administrator@scintiloop.local"


@pytest.fixture
def two_readers(settings: Settings, add_study: Any, add_reader: Any, policy: Any) -> dict[str, dict[str, int]]:
    """Six studies on the worklists of anna (assisted on all) and bela (blind on all)."""
    images = {f"s{number}": add_study(f"s{number}") for number in range(6)}
    add_reader("anna", 1)
    add_reader("bela", 2)
    assign(settings, policy)
    return images


def of_anna(settings: Settings) -> list[Assignment]:
    with open_session(settings) as session:
        return list(session.scalars(select(Assignment).join(Reader).where(Reader.name == "anna")))


def audited(settings: Settings) -> list[tuple[str, str]]:
    with open_session(settings) as session:
        return [(row.who, row.action) for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_what_a_leaver_has_not_begun_goes_to_another_with_its_exposure(
    settings: Settings, two_readers: Any, add_reader: Any, policy: Any, worklists: Any, add_reading: Callable[..., int]
) -> None:
    add_reader("carl", 3)
    add_reading(1, two_readers["s0"]["anterior"])
    assert hand_over.release(settings, "anna", set(), BY) == {"released": 5, "begun": 1}
    assert assign(settings, policy) == 5
    assert worklists() == {"s0": {"anna": "assisted", "bela": "blind"}} | {
        f"s{number}": {"bela": "blind", "carl": "assisted"} for number in range(1, 6)
    }
    assert audited(settings) == [(BY, "reader leaves")]


def test_a_task_begun_in_label_studio_stays(settings: Settings, two_readers: Any, worklists: Any) -> None:
    with open_session(settings) as session:
        for assignment in session.scalars(select(Assignment)):
            assignment.label_studio_task = 100 + assignment.id
    begun = {of_anna(settings)[2].label_studio_task or 0}
    assert hand_over.release(settings, "anna", begun, BY) == {"released": 5, "begun": 1}
    assert sum("anna" in pair for pair in worklists().values()) == 1


def test_with_nobody_left_the_studies_wait_until_somebody_comes(
    settings: Settings, two_readers: Any, policy: Any, worklists: Any, add_reader: Any
) -> None:
    for name in ("anna", "bela"):
        hand_over.release(settings, name, set(), BY)
        assert assign(settings, policy) == 0
    assert worklists() == {}
    add_reader("carl", 3)
    add_reader("dora", 4)
    assert assign(settings, policy) == 12
    assert {tuple(pair.items()) for pair in worklists().values()} == {(("carl", "assisted"), ("dora", "blind"))}


def test_who_returns_takes_up_what_is_still_free(
    settings: Settings, two_readers: Any, policy: Any, worklists: Any
) -> None:
    before = worklists()
    hand_over.release(settings, "anna", set(), BY)
    assign(settings, policy)
    hand_over.come_back(settings, "anna", BY)
    assert assign(settings, policy) == 6
    assert worklists() == before
    assert audited(settings) == [(BY, "reader leaves"), (BY, "reader returns")]


def test_who_has_seen_the_models_outlines_never_comes_back_as_the_blind_reader(
    settings: Settings, two_readers: Any, policy: Any, worklists: Any, add_reader: Any
) -> None:
    with open_session(settings) as session:
        for assignment in session.scalars(select(Assignment).where(Assignment.exposure == "assisted")):
            assignment.shown_model = "m1"
    add_reader("carl", 3)
    hand_over.release(settings, "anna", set(), BY)
    assign(settings, policy)
    hand_over.release(settings, "bela", set(), BY)
    hand_over.come_back(settings, "anna", BY)
    assert assign(settings, policy) == 0
    assert worklists() == {f"s{number}": {"carl": "assisted"} for number in range(6)}
    hand_over.release(settings, "carl", set(), BY)
    assert assign(settings, policy) == 6
    assert worklists() == {f"s{number}": {"anna": "assisted"} for number in range(6)}


def test_a_hidden_repeat_is_taken_back_and_given_to_nobody(
    settings: Settings, two_readers: Any, policy: Any, worklists: Any
) -> None:
    with open_session(settings) as session:
        session.add(Assignment(reader_id=1, study_id=1, purpose="repeat", token="alias", exposure="blind"))
    assert hand_over.release(settings, "anna", set(), BY)["released"] == 7
    assign(settings, policy)
    assert "repeat of s0" not in worklists()


def test_a_reader_of_labelme_is_added_and_changed(settings: Settings, two_readers: Any) -> None:
    hand_over.add_reader(settings, "carl", BY, expert=True, share=0.5)
    hand_over.set_reader(settings, "carl", BY, share=0.25)
    hand_over.set_reader(settings, "anna", BY, expert=True)
    with open_session(settings) as session:
        rows = [(row.name, row.number, row.expert, row.share) for row in session.query(Reader).order_by(Reader.number)]
    assert rows == [("anna", 1, True, 1.0), ("bela", 2, False, 1.0), ("carl", 3, True, 0.25)]
    assert [action for _, action in audited(settings)] == ["add reader", "set reader", "set reader"]


BAD: dict[str, tuple[Callable[[Settings], object], type[Exception], str]] = {
    "leaving twice": (
        lambda s: [hand_over.release(s, "anna", set(), BY), hand_over.release(s, "anna", set(), BY)],
        WrongState,
        "anna has left already",
    ),
    "an unknown leaver": (lambda s: hand_over.release(s, "x", set(), BY), NotFound, "'x'; the readers are: anna, bela"),
    "returning without having left": (lambda s: hand_over.come_back(s, "anna", BY), WrongState, "has not left"),
    "an unknown reader returns": (lambda s: hand_over.come_back(s, "", BY), NotFound, "''"),
    "no change": (lambda s: hand_over.set_reader(s, "anna", BY), InputError, "what is to change"),
    "a share of nothing": (lambda s: hand_over.set_reader(s, "anna", BY, share=0), InputError, "this is 0"),
    "a share above 1": (lambda s: hand_over.set_reader(s, "anna", BY, share=1.5), InputError, "this is 1.5"),
    "no number as share": (
        lambda s: hand_over.set_reader(s, "anna", BY, share=float("nan")),
        InputError,
        "this is nan",
    ),
    "an empty name": (lambda s: hand_over.add_reader(s, "", BY), InputError, "needs a name"),
    "spaces around a name": (lambda s: hand_over.add_reader(s, " carl", BY), InputError, "without spaces"),
    "a name of two lines": (lambda s: hand_over.add_reader(s, "carl\ndora", BY), InputError, "printed"),
    "a name too long": (lambda s: hand_over.add_reader(s, "c" * 101, BY), InputError, "at most 100"),
    "a name that is taken": (lambda s: hand_over.add_reader(s, "bela", BY), InputError, "'bela' already"),
}


@pytest.mark.parametrize(("act", "error", "sentence"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_done_is_said_and_changes_nothing(
    settings: Settings, two_readers: Any, act: Callable[[Settings], object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        act(settings)
    assert audited(settings) in ([], [(BY, "reader leaves")])
