"""The live curve in a real browser."""

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from backend.jobs import runs
from backend.jobs.run_log import note
from backend.jobs.run_samples import keep_samples
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import DatasetVersion
from backend.training.loop import Sampled
from backend.web.app import create_app

pytestmark = pytest.mark.browser


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(address: str, passwords: dict[str, Any]) -> Iterator[Page]:
    """A page as wide as a telephone in which an engineer is logged in; nothing may be refused or go wrong there."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: refused.append(str(error)))
        page.goto(f"{address}/login")
        page.get_by_label("E-mail").fill(passwords["engineer"]["email"])
        page.get_by_label("Password").fill(passwords["engineer"]["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        yield page
        assert refused == [], "the content security policy lets everything through that the page needs"
        browser.close()


@pytest.fixture
def run_id(settings: Settings) -> str:
    with open_session(settings) as session:
        session.add(DatasetVersion(id="d" * 64, manifest={"members": []}))
    return runs.request_run(settings, "engineer", "d" * 64)


def advance(settings: Settings, run_id: str, step: int, **more: object) -> None:
    progress = {"phase": "outlines", "step": step, "steps": 9, "loss": 1 / step, "dice": 0.5, "seconds_left": 8.0}
    runs.advance(settings, run_id, runs.find(settings, run_id).attempts, progress | more)


def test_the_curve_grows_while_the_run_goes_on_and_the_page_tells_its_end(
    page: Page, address: str, settings: Settings, run_id: str
) -> None:
    attempt = runs.claim(settings, run_id) or 0
    page.goto(f"{address}/runs/{run_id}")
    advance(settings, run_id, 3)
    page.get_by_text("Step 3 of 9 (outlines), loss 0.333, Dice 0.500, about 8 s left.").wait_for()
    assert page.locator("#curve canvas").is_visible()
    advance(settings, run_id, 4)
    page.get_by_text("Step 4 of 9").wait_for()
    runs.fail(settings, run_id, attempt, "the disk is full")
    page.get_by_role("alert").get_by_text("the disk is full").wait_for()


def test_an_attempt_that_goes_back_to_its_checkpoint_goes_on_there(
    page: Page, address: str, settings: Settings, run_id: str
) -> None:
    runs.claim(settings, run_id)
    advance(settings, run_id, 7)
    page.goto(f"{address}/runs/{run_id}")
    page.get_by_text("Step 7 of 9").wait_for()
    runs.claim(settings, run_id)
    advance(settings, run_id, 5)
    page.get_by_text("Step 5 of 9").wait_for()
    expect(page.locator("#facts")).to_contain_text("2 of 3")


def test_what_it_takes_its_pictures_and_its_log_come_while_it_goes_on_and_fit_a_telephone(
    page: Page, address: str, settings: Settings, run_id: str, drawn: Any, box: Any
) -> None:
    attempt = runs.claim(settings, run_id) or 0
    page.goto(f"{address}/runs/{run_id}")
    expect(page.locator("#samples")).to_be_hidden()
    advance(settings, run_id, 3, device="cpu", memory_mb=1234.0, bladder_dice=0.9)
    runs.beat(settings, run_id, attempt, {"processors": 1.5, "of": 2, "memory_mb": 900})
    masks = drawn(box(200, 100, 20, 20))
    keep_samples(settings, run_id, 3, [Sampled({"low": np.zeros((1024, 256), np.uint8)}, masks, masks)] * 4)
    note(settings, run_id, "a line of <b>the</b> log")
    expect(page.locator("#facts")).to_contain_text("1.5 of 2")
    expect(page.locator("#samples-title")).to_have_text("Validation cases after step 3")
    expect(page.locator("#log")).to_contain_text("a line of <b>the</b> log")
    pictures = page.locator("#samples img")
    expect(pictures).to_have_count(4)
    expect(pictures.first).to_have_js_property("naturalHeight", 1024)
    boxes = [one.bounding_box() or {} for one in pictures.all()]
    assert boxes[0]["y"] == boxes[1]["y"], "two beside each other"
    assert all(one["x"] + one["width"] <= 390 for one in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
