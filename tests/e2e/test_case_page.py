"""A physician decides a case in real Chromium, with and without a mouse, and nothing is lost on the way."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from backend.jobs.steps.agree import settle_images
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.masks import load_mask
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import AuditEntry, Case, Patient, Reader, Study
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Polygon, Region
from tests.e2e.case_pages import Seat, add_physician, served, sit_down

pytestmark = pytest.mark.browser

STUDY = "ca5eca5eca5eca5e"
PHYSICIAN, COLLEAGUE = "physician@hospital.example", "colleague@hospital.example"
ALONE, LARGE, SECOND = (100, 100, 12, 12), (300, 90, 24, 24), (300, 98, 24, 24)


@pytest.fixture
def images(settings: Settings, add_study: Any, add_reader: Any, add_reading: Any, box: Any) -> dict[str, int]:
    """On the anterior projection a lesion of one reader alone and one that they draw differently."""
    made: dict[str, int] = add_study(STUDY)
    north, south = add_reader("north reader", 1), add_reader("south reader", 2)
    add_reading(north, made["anterior"], box(*ALONE), box(*LARGE))
    add_reading(south, made["anterior"], box(*SECOND))
    for reader in (north, south):
        add_reading(reader, made["posterior"], box(600, 90, 10, 10))
    settle_images(settings, made.values())
    return made


@pytest.fixture
def seat_of(settings: Settings, images: Any, browser: Browser) -> Iterator[Callable[..., Seat]]:
    """`seat_of(email, **options)` logs a physician in; the two have accounts."""
    for email in (PHYSICIAN, COLLEAGUE):
        add_physician(settings, email)
    seats: list[Seat] = []
    with served(settings) as address:

        def take(email: str = PHYSICIAN, **options: Any) -> Seat:
            seats.append(sit_down(browser, address, email, **options))
            return seats[-1]

        yield take
        for seat in seats:
            seat.context.close()


@pytest.fixture
def seat(seat_of: Callable[..., Seat]) -> Seat:
    """At the case, with nothing decided. The list begins with the lesion of one reader alone."""
    taken = seat_of()
    taken.open(STUDY)
    return taken


def box_mask(row: int, column: int, rows: int, columns: int) -> Any:
    mask = np.zeros(GRID_SHAPE, bool)
    mask[row : row + rows, column : column + columns] = True
    return mask


def drawn(rings: list[Any]) -> Any:
    outer, *holes = [tuple((float(c), float(r)) for c, r in ring) for ring in rings]
    return draw([Region("metastasis", Polygon(outer, tuple(holes)))], GRID_SHAPE).masks["metastasis"]


def reference(settings: Settings, image: int) -> Any:
    with open_session(settings) as session:
        found = current_reference(session, image)
        assert found is not None
        assert (found.status, found.decided_by) == ("adjudicated", PHYSICIAN)
        return load_mask(blobs_of(settings), str(found.metastasis_sha256))


def open_from_the_queue(seat: Seat) -> None:
    """The first case, by Tab and Enter."""
    seat.page.goto(f"{seat.address}/adjudication")
    seat.page.wait_for_selector(".queue")
    for _ in range(30):
        seat.keys("Tab")
        if seat.page.evaluate("() => document.activeElement.matches('.queue a')"):
            break
    seat.keys("Enter")
    seat.page.wait_for_selector("#case[data-ready]")


def test_by_keyboard_alone_the_reference_is_what_was_decided_pixel_by_pixel(
    seat_of: Callable[..., Seat], settings: Settings, images: Any
) -> None:
    seat = seat_of()
    open_from_the_queue(seat)
    alone_is = "first" if seat.page.evaluate("() => casePage.desk.dispute.first !== null") else "second"
    seat.keys("1" if alone_is == "first" else "2")
    seat.saved()
    seat.keys("e", "h", "ArrowLeft*3", "ArrowUp*3", "Space", "ArrowRight*6", "Space", "ArrowDown*6", "Space")
    seat.keys("ArrowLeft*6", "Space", "c")
    seat.keys("b", "Shift+ArrowRight*3", "Space", "ArrowDown*4", "Space")
    seat.keys("v", "n*2", "Shift+ArrowLeft", "a", "ArrowUp*2", "p", "Delete", "Control+z")
    rings = seat.page.evaluate("() => casePage.desk.editor.rings")
    shown = seat.page.inner_text("#editor-pixels")
    assert len(rings) > 1, "the hole is gone"
    assert seat.page.inner_text("#editor-problem") == ""
    seat.keys("Enter")
    seat.saved()
    seat.keys("Control+Enter")
    seat.page.wait_for_url("**/adjudication")
    expect(seat.page.locator("main")).to_contain_text("is sealed")
    edited = drawn(rings)
    assert shown == f"{edited.sum()} px"
    assert not edited[312, 106], "the hole is filled"
    assert np.array_equal(reference(settings, images["anterior"]), box_mask(*ALONE) | edited)
    with open_session(settings) as session:
        actions = [entry.action for entry in session.scalars(select(AuditEntry)) if entry.who == PHYSICIAN]
    assert "case opened" in actions
    assert seat.complaints == []


@pytest.mark.parametrize(
    ("key", "combined"),
    [("3", np.logical_or), ("4", np.logical_and)],
    ids=["both together", "only what both hold"],
)
def test_union_and_intersection_are_what_the_page_shows(
    key: str, combined: Any, seat: Seat, settings: Settings, images: Any
) -> None:
    seat.keys("5", "2")
    seat.saved()
    assert seat.decisions() == {1: "none", 2: None}
    seat.keys(key)
    seat.saved()
    seat.keys("Control+Enter")
    seat.page.wait_for_url("**/adjudication")
    expected = combined(box_mask(*LARGE), box_mask(*SECOND))
    assert np.array_equal(reference(settings, images["anterior"]), expected)


def test_rejecting_a_lesion_asks_why_and_nothing_is_kept_before(seat: Seat) -> None:
    seat.keys("5")
    expect(seat.page.locator("#why")).to_be_visible()
    assert seat.document()["revision"] == 0
    seat.keys("Escape", "5", "3")
    seat.saved()
    first = seat.document()["projections"][0]["disputes"][0]
    assert first["decision"]["reason"] == "injection_site"


def test_undo_takes_back_step_by_step(seat: Seat) -> None:
    seat.keys("e", "Enter")
    seat.saved()
    seat.keys("6")
    seat.saved()
    assert seat.decisions() == {1: "edit", 2: "midway"}
    seat.keys("Control+z")
    seat.saved()
    assert seat.decisions() == {1: "edit", 2: None}
    seat.keys("Backspace")
    seat.saved()
    assert seat.decisions() == {1: None, 2: None}


def test_the_burden_follows_every_decision(seat: Seat) -> None:
    before = seat.page.inner_text("#burden-lesions-now")
    seat.keys("5", "1")
    seat.saved()
    after = seat.page.inner_text("#burden-lesions-now")
    assert {before, after} & {seat.page.inner_text(f"#burden-lesions-{one}") for one in ("first", "second")}
    assert seat.page.inner_text("#burden-bstbi-now").endswith("%")


def test_a_reload_or_a_browser_that_dies_loses_nothing_that_was_saved(seat: Seat, seat_of: Callable[..., Seat]) -> None:
    seat.keys("e", "Enter", "c")
    seat.page.keyboard.type("seen twice <b>")
    seat.keys("Escape")
    seat.saved()
    seat.open(STUDY)
    assert seat.decisions() == {1: "edit", 2: None}
    seat.context.close()
    again = seat_of()
    again.open(STUDY)
    assert again.decisions() == {1: "edit", 2: None}
    assert again.page.input_value("#comment") == "seen twice <b>"
    expect(again.page.locator(".dispute[aria-current=true]")).to_contain_text("open")


def test_a_server_that_is_away_is_said_and_what_was_decided_is_kept_and_saved_later(seat: Seat) -> None:
    seat.context.set_offline(True)
    seat.keys("e", "Enter")
    expect(seat.page.locator("#trouble")).to_contain_text("does not answer")
    expect(seat.page.locator("#unsaved")).to_have_text("1 not saved")
    assert seat.page.locator(".dispute[data-saved=false]").count() == 1
    expect(seat.page.locator("#finish")).to_be_disabled()
    seat.context.set_offline(False)
    seat.saved()
    expect(seat.page.locator("#trouble")).to_be_hidden()
    assert seat.decisions()[1] == "edit"


def test_two_windows_of_one_physician_lose_nothing(seat: Seat) -> None:
    other = Seat(seat.context, seat.context.new_page(), seat.address)
    other.open(STUDY)
    other.keys("e", "Enter")
    other.saved()
    seat.keys("ArrowDown", "3")
    expect(seat.page.locator("#trouble")).to_contain_text("changed in another window")
    assert seat.decisions() == {1: "edit", 2: None}
    assert seat.page.locator(".dispute[data-saved=false]").count() == 1
    seat.page.click("#trouble-retry")
    seat.saved()
    assert seat.decisions() == {1: "edit", 2: "union"}


def test_two_physicians_on_one_case(seat: Seat, seat_of: Callable[..., Seat]) -> None:
    seat.keys("e", "Enter")
    seat.saved()
    other = seat_of(COLLEAGUE)
    other.page.goto(f"{other.address}/adjudication/{STUDY}")
    expect(other.page.locator("[role=alert]")).to_contain_text(PHYSICIAN)
    other.page.get_by_role("button", name="Take it over").click()
    other.page.wait_for_selector("#case[data-ready]")
    assert other.decisions()[1] == "edit", "what was decided goes on"
    seat.keys("3")
    expect(seat.page.locator("#trouble")).to_contain_text(COLLEAGUE)
    assert seat.decisions()[2] is None


def test_a_reader_who_revises_meanwhile_is_said_and_the_case_opens_again(
    seat: Seat, settings: Settings, images: Any, add_reading: Any, box: Any
) -> None:
    seat.keys("ArrowDown", "3")
    seat.saved()
    with open_session(settings) as session:
        north = session.scalars(select(Reader).where(Reader.number == 1)).one().id
    add_reading(north, images["anterior"], box(*LARGE), box(200, 60, 12, 12))
    settle_images(settings, images.values())
    seat.keys("c")
    seat.page.keyboard.type("said too late")
    seat.keys("Escape")
    expect(seat.page.locator("#trouble")).to_contain_text("revised")
    seat.page.click("#trouble-open")
    seat.saved()
    assert list(seat.decisions().values()) == [None, "union"], "what still holds stays decided"
    assert seat.document()["comment"] == "said too late"


def test_a_projection_is_excluded_and_included_again(seat: Seat) -> None:
    seat.keys("x", "Tab", "Space")
    seat.page.check("[name=reason][value=unreadable]")
    seat.page.keyboard.press("Enter")
    seat.saved()
    expect(seat.page.locator("[data-excluded=anterior]")).to_contain_text("unreadable")
    assert seat.document()["undecided"] == 0
    seat.page.click("[data-excluded=anterior] button")
    seat.saved()
    assert seat.document()["undecided"] == 2


def test_what_neither_reader_drew_is_added_and_removed(seat: Seat) -> None:
    seat.keys("a", "b", "Space", "ArrowRight*3", "Space", "Enter")
    seat.saved()
    (added,) = seat.document()["projections"][0]["added"]
    assert added["label"] == "metastasis"
    seat.page.click(".added button")
    seat.saved()
    assert seat.document()["projections"][0]["added"] == []


def test_the_mouse_drags_points_windows_and_images(seat: Seat) -> None:
    page: Page = seat.page
    over = page.locator("figure.panel").first.bounding_box()
    assert over is not None
    page.mouse.move(over["x"] + 60, over["y"] + 300)
    page.mouse.down()
    page.mouse.move(over["x"] + 20, over["y"] + 200, steps=8)
    page.mouse.up()
    windows = page.evaluate("() => casePage.view.windows")
    assert windows["low"]["width"] < 255
    assert windows["high"] == {"level": 127.5, "width": 255}
    page.mouse.wheel(0, -600)
    assert page.evaluate("() => casePage.view.zoom") > 1.5
    seat.keys("e")
    before = page.evaluate("() => casePage.desk.editor.rings")
    at = page.evaluate(
        "() => { const {view, desk} = casePage; const at = view.toScreen(view.panels[1], desk.editor.rings[0][0]);"
        "const box = view.panels[1].over.getBoundingClientRect(); return [box.left + at[0], box.top + at[1]]; }"
    )
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] - 12, at[1] - 7, steps=4)
    page.mouse.up()
    after = page.evaluate("() => casePage.desk.editor.rings")
    assert after[0][0] != before[0][0]
    assert after[0][1:] == before[0][1:]


def test_the_queue_shows_the_next_cases_without_another_page(seat_of: Callable[..., Seat], settings: Settings) -> None:
    with open_session(settings) as session:
        for number in range(70):
            patient = Patient(pseudonym=f"patient {number}", sequestered=False)
            study = Study(patient=patient, identifier="s", token=f"{number:016x}")
            session.add(Case(study=study, open=True, patient_call_differs=False, bstbi_change=0, disputes=1))
    seat = seat_of()
    seat.page.goto(f"{seat.address}/adjudication")
    assert seat.page.locator(".queue .open").count() == 50
    seat.page.get_by_text("Show the next ones").press("Enter")
    expect(seat.page.locator(".queue .open")).to_have_count(71)
    expect(seat.page.get_by_text("Show the next ones")).to_have_count(0)
    assert seat.complaints == []
