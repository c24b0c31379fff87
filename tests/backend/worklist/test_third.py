"""A third reader, asked for beyond the two."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.errors import NotFound, WrongState
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import AuditEntry, now
from backend.worklist.assign import assign
from backend.worklist.overview import overview, progress
from backend.worklist.third import request_third

BY = "physician@scintiloop.local"


@pytest.fixture
def study(settings: Settings, add_study: Any, add_reader: Any, policy: Any) -> dict[str, int]:
    """Study `s0`, with anna and bela."""
    images: dict[str, int] = add_study("s0")
    add_reader("anna", 1)
    add_reader("bela", 2)
    assign(settings, policy)
    return images


def test_the_third_reader_is_blind_an_expert_before_others(
    settings: Settings, study: Any, add_reader: Any, change_reader: Any, worklists: Any, policy: Any
) -> None:
    add_reader("carl", 3)
    add_reader("dora", 4)
    change_reader("dora", expert=True)
    assert request_third(settings, "s0", BY) == "dora"
    assert worklists() == {"s0": {"anna": "assisted", "bela": "blind", "dora": "blind"}}
    assert assign(settings, policy) == 0
    with open_session(settings) as session:
        [entry] = session.scalars(select(AuditEntry))
        assert (entry.who, entry.action, entry.detail) == (BY, "request third reader", {"study": "s0", "reader": 4})


def test_a_fourth_may_be_asked_when_the_third_has_read(
    settings: Settings, study: dict[str, int], add_reader: Any, add_reading: Callable[..., int], worklists: Any
) -> None:
    carl = add_reader("carl", 3)
    request_third(settings, "s0", BY)
    add_reader("dora", 4)
    with pytest.raises(WrongState, match="has study s0 already and has not read it yet"):
        request_third(settings, "s0", BY)
    for image in study.values():
        add_reading(carl, image)
    assert request_third(settings, "s0", BY) == "dora"


@pytest.mark.parametrize(
    ("token", "error", "sentence"),
    [("s0", WrongState, "every active reader has study s0"), ("nothing", NotFound, "'nothing'"), ("", NotFound, "''")],
)
def test_where_nobody_can_be_asked_that_is_said(
    settings: Settings,
    study: Any,
    add_reader: Any,
    change_reader: Any,
    token: str,
    error: type[Exception],
    sentence: str,
) -> None:
    add_reader("carl", 3)
    change_reader("carl", left=now())
    with pytest.raises(error, match=sentence):
        request_third(settings, token, BY)


def test_the_overview_counts_what_each_reader_has(
    settings: Settings, study: dict[str, int], add_study: Any, add_reading: Callable[..., int], change_reader: Any
) -> None:
    add_reading(1, study["anterior"])
    add_reading(1, study["posterior"], exclusion="unreadable")
    add_reading(2, study["anterior"])
    add_study("s1")
    change_reader("bela", left=now(), share=0.5)
    document = overview(settings)
    assert document["studies"] == {"all": 2, "lacking": 1, "third": 0}
    assert document["lacking"] == ["s1"]
    anna, bela = document["readers"]
    assert (anna["reader"], anna["assigned"], anna["read"], anna["left"], anna["excluded"]) == ("anna", 1, 1, 0, 1)
    assert (bela["share"], bela["assigned"], bela["read"], bela["left"]) == (0.5, 1, 0, 1)
    assert (anna["left_at"], bool(bela["left_at"]), anna["label_studio"]) == (None, True, False)


def test_progress_is_of_one_reader(settings: Settings, study: dict[str, int], add_reading: Callable[..., int]) -> None:
    for image in study.values():
        add_reading(1, image)
    assert progress(settings, 1) == {"assigned": 1, "read": 1, "left": 0, "excluded": 0}
    assert progress(settings, 2) == {"assigned": 1, "read": 0, "left": 1, "excluded": 0}
    with pytest.raises(NotFound, match="reader 7"):
        progress(settings, 7)
