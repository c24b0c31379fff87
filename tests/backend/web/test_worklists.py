"""The page of worklists: what administrators and physicians see and may do on it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.jobs.steps import publish, worklists
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import AuditEntry, Reader

NAMES = ("anna rose", "bela stone", "carl moss")


@pytest.fixture
def room(settings: Settings, add_reader: Callable[..., int], add_study: Callable[..., Any]) -> Settings:
    """Three readers; of four studies each is on two worklists."""
    for number, name in enumerate(NAMES, start=1):
        add_reader(name, number)
    for number in range(4):
        add_study(f"token{number}")
    publish.assign_all(settings)
    return settings


@pytest.fixture
def trail(settings: Settings) -> Callable[[], list[tuple[str, str]]]:
    def read() -> list[tuple[str, str]]:
        with open_session(settings) as session:
            rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return [(row.who.partition("@")[0], row.action) for row in rows if "reader" in row.action]

    return read


def test_an_administrator_sees_every_reader_with_the_work_before_them(room: Settings, log_in: Any) -> None:
    page = log_in("administrator").get("/worklists").text
    assert all(name in page for name in NAMES)
    assert "4 studies, 3 readers" in page


def test_a_physician_sees_no_reader_and_may_ask_for_a_third(room: Settings, log_in: Any, trail: Any) -> None:
    physician = log_in("physician")
    reply = physician.post("/worklists/third", on="/worklists", study=" token1 ")
    page = physician.get(reply.headers["Location"]).text
    assert "A third reader has study token1 now." in page
    assert not any(name in page or name.split()[0] in page for name in NAMES)
    assert "1 third readings" in page
    assert trail() == [("physician", "request third reader")]


def test_hand_over_and_return_are_two_buttons(room: Settings, log_in: Any, trail: Any) -> None:
    administrator = log_in("administrator")
    administrator.post("/worklists/readers/2/leave", on="/worklists")
    page = administrator.get("/worklists").text
    assert "bela stone has left" in page
    assert "4 studies, 2 readers" in page
    administrator.post("/worklists/readers/2/return", on="/worklists")
    assert "bela stone reads again" in administrator.get("/worklists").text
    assert [action for _, action in trail()] == ["reader leaves", "reader returns"]


def test_expertise_and_share_are_changed_in_place(room: Settings, log_in: Any) -> None:
    log_in("administrator").post("/worklists/readers/3", on="/worklists", expert="1", share="0,5")
    with open_session(room) as session:
        carl = session.scalars(select(Reader).where(Reader.number == 3)).one()
        assert (carl.expert, carl.share) == (True, 0.5)


def test_studies_that_lack_a_reader_are_listed(room: Settings, log_in: Any) -> None:
    for name in NAMES:
        worklists.leave(room, name, "test")
    page = log_in("physician").get("/worklists").text
    assert "4 studies with fewer than two readers" in page
    assert "token3" in page


BAD = {
    "an unknown study": ("third", {"study": "nothing"}, "no study is called"),
    "no study": ("third", {}, "no study is called"),
    "script as study": ("third", {"study": "<script>alert(1)</script>"}, "&lt;script&gt;"),
    "a very long study": ("third", {"study": "x" * 10_000}, "no study is called"),
    "an unknown reader": ("readers/9/leave", {}, "no reader has number 9"),
    "somebody returns who has not left": ("readers/1/return", {}, "has not left"),
    "a share of nothing": ("readers/1", {"share": "0"}, "above 0 and at most 1"),
    "a share that is no number": ("readers/1", {"share": "nan"}, "above 0 and at most 1"),
    "a share of words": ("readers/1", {"share": "half"}, "is no number"),
    "no share": ("readers/1", {}, "is no number"),
}


@pytest.mark.parametrize(("path", "form", "sentence"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_done_is_said_and_changes_nothing(
    room: Settings, log_in: Any, trail: Any, path: str, form: dict[str, str], sentence: str
) -> None:
    administrator = log_in("administrator")
    assert administrator.post(f"/worklists/{path}", on="/worklists", **form).status_code == 302
    page = administrator.get("/worklists").text
    assert sentence in page
    assert "<script>alert" not in page
    assert trail() == []


@pytest.mark.parametrize("path", ["readers/1/leave", "readers/1/return", "readers/1"])
def test_hand_over_is_for_administrators_alone(room: Settings, log_in: Any, trail: Any, path: str) -> None:
    assert log_in("physician").post(f"/worklists/{path}", on="/worklists").status_code == 403
    assert log_in("engineer").post(f"/worklists/{path}", on="/").status_code == 403
    assert trail() == []


@pytest.mark.parametrize("path", ["third", "readers/1/leave"])
def test_a_forged_form_is_refused(room: Settings, log_in: Any, path: str) -> None:
    administrator = log_in("administrator")
    assert administrator.client.post(f"/worklists/{path}", data={"study": "token1"}).status_code == 400


def test_engineers_have_no_worklists_and_visitors_log_in(room: Settings, log_in: Any, visitor: Any) -> None:
    assert log_in("engineer").get("/worklists").status_code == 403
    assert visitor.get("/worklists").headers["Location"] == "/login"
