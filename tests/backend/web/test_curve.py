"""The live curve in a real browser."""

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from backend.jobs import runs
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import DatasetVersion
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


def test_the_curve_grows_while_the_run_goes_on_and_the_page_tells_its_end(
    address: str, settings: Settings, passwords: dict[str, Any]
) -> None:
    with open_session(settings) as session:
        session.add(DatasetVersion(id="d" * 64, manifest={"members": []}))
    run_id = runs.request_run(settings, "engineer", "d" * 64)
    attempt = runs.claim(settings, run_id) or 0

    def advance(step: int) -> None:
        progress = {"phase": "outlines", "step": step, "steps": 9, "loss": 1 / step, "dice": 0.5, "seconds_left": 8.0}
        runs.advance(settings, run_id, attempt, progress)

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}/runs/{run_id}")
        page.get_by_label("E-mail").fill(passwords["engineer"]["email"])
        page.get_by_label("Password").fill(passwords["engineer"]["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/runs/{run_id}")
        advance(3)
        page.get_by_text("Step 3 of 9 (outlines), loss 0.333, Dice 0.500, about 8 s left.").wait_for()
        assert page.locator("#curve canvas").is_visible()
        advance(4)
        page.get_by_text("Step 4 of 9").wait_for()
        runs.release(settings, run_id, attempt)
        runs.claim(settings, run_id)
        advance(2)
        page.get_by_text("Step 2 of 9").wait_for()
        advance(5)
        page.get_by_text("Step 5 of 9").wait_for()
        runs.fail(settings, run_id, attempt, "the disk is full")
        page.get_by_role("alert").get_by_text("the disk is full").wait_for()
        assert refused == [], "the content security policy lets everything through that the page needs"
        browser.close()
