"""Clients of the real app, logged in by role."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.settings import Settings
from backend.store.accounts import create_first_accounts, create_reader_account
from backend.web.app import create_app

TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class Browser:
    """A client that carries the form token of the last page, as a browser's form does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, on: str = "/login", **form: str) -> TestResponse:
        found = TOKEN.search(self.client.get(on).text)
        return self.client.post(path, data=form | ({"form_token": found.group(1)} if found else {}))


@pytest.fixture
def passwords(settings: Settings) -> dict[str, dict[str, str]]:
    """The first accounts by role."""
    return {account["role"]: account for account in create_first_accounts(settings)}


@pytest.fixture
def visitor(settings: Settings) -> Browser:
    return Browser(create_app(settings).test_client())


@pytest.fixture
def with_reader(
    settings: Settings, passwords: dict[str, dict[str, str]], add_reader: Callable[..., int]
) -> dict[str, dict[str, str]]:
    """The first accounts by role, and the account of a reader's own page."""
    add_reader("a reader with an account", 9)
    passwords["reader"] = {"email": "reader-9@scintiloop.local", "password": "the first of the reader"}
    create_reader_account(settings, "a reader with an account", **passwords["reader"])
    return passwords


@pytest.fixture
def log_in(settings: Settings, passwords: dict[str, dict[str, str]]) -> Callable[[str], Browser]:
    app = create_app(settings)

    def enter(role: str) -> Browser:
        browser = Browser(app.test_client())
        account = passwords[role]
        reply = browser.post("/login", email=account["email"], password=account["password"])
        assert reply.status_code == 302
        return browser

    return enter
