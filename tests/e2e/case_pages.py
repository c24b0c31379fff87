"""The pages served over a home, and physicians before them in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from backend.settings import Settings
from backend.store.accounts import hashed
from backend.store.session import open_session
from backend.store.tables import Account
from backend.web.app import create_app

PASSWORD = "a password for looking at cases"


class Quietly(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing: a failing test has enough to show."""


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of the pages over this home, until the end."""
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True, request_handler=Quietly)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def add_physician(settings: Settings, email: str) -> int:
    with open_session(settings) as session:
        account = Account(email=email, role="physician", password_hash=hashed(PASSWORD))
        session.add(account)
        session.flush()
        return account.id


@dataclass
class Seat:
    """One physician's browser: a page, its context, and what its console complained of."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, study: str) -> Page:
        """The case page, once it can be used."""
        self.page.goto(f"{self.address}/adjudication/{study}")
        self.page.wait_for_selector("#case[data-ready]")
        return self.page

    def keys(self, *pressed: str) -> None:
        """Presses keys one after the other; `Shift+ArrowUp*3` three times."""
        for one in pressed:
            key, _, times = one.partition("*")
            for _ in range(int(times or 1)):
                self.page.keyboard.press(key)

    def saved(self) -> None:
        """Waits until nothing is unsaved."""
        self.page.wait_for_function("() => casePage.work.unsaved.length === 0 && !casePage.work.trouble")

    def document(self) -> Any:
        return self.page.evaluate("() => casePage.work.source")

    def decisions(self) -> dict[int, str | None]:
        """The server's word on every disagreement of the first projection in dispute, by number."""
        disputes = [one for projection in self.document()["projections"] for one in projection["disputes"]]
        return {one["number"]: (one["decision"] or {}).get("choice") for one in disputes}


def sit_down(browser: Browser, address: str, email: str, **options: Any) -> Seat:
    """Logs a physician in, in a context of its own."""
    context = browser.new_context(**({"viewport": {"width": 1600, "height": 1000}} | options))
    page = context.new_page()
    seat = Seat(context, page, address)
    page.on("console", lambda said: seat.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: seat.complaints.append(str(error)))
    page.goto(f"{address}/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return seat
