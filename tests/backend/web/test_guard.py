"""Who gets in, who may do what, and what a reply may carry."""

import stat
from collections.abc import Callable
from typing import Any

import pytest

from backend.errors import InputError
from backend.settings import Settings
from backend.store import accounts
from backend.web.app import create_app

PAGES = ("/", "/agreement", "/data", "/accounts", "/runs", "/models", "/password")
ENGINEERS_ONLY = ("/runs", "/models", "/api/runs", "/api/models", "/models/x/report", "/models/x/report.html")


def test_first_accounts_are_made_once_and_listed_while_their_password_stands(settings: Settings) -> None:
    first = accounts.create_first_accounts(settings)
    assert accounts.create_first_accounts(settings) == first
    assert [one["role"] for one in first] == ["administrator", "engineer", "physician"]
    assert {one["where"] for one in first} == {"web"}
    kept = settings.secrets / "web_accounts.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    engineer = accounts.verify(settings, "Engineer@scintiloop.local ", first[1]["password"])
    assert engineer
    accounts.change_password(settings, engineer.id, first[1]["password"], "long enough words")
    assert [one["role"] for one in accounts.standing_accounts(settings)] == ["administrator", "physician"]
    assert first[1]["password"] not in kept.read_text()
    assert accounts.verify(settings, engineer.email, "long enough words")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", "long enough words", "old"), (None, "short", "new"), (None, None, "new")],
    ids=["wrong present password", "too short", "the same again"],
)
def test_a_bad_change_of_password_names_the_field(
    settings: Settings, passwords: dict[str, Any], old: str | None, new: str | None, field: str
) -> None:
    account = passwords["engineer"]
    found = accounts.verify(settings, account["email"], account["password"])
    assert found
    with pytest.raises(InputError) as refusal:
        accounts.change_password(settings, found.id, old or account["password"], new or account["password"])
    assert refusal.value.field == field


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_is_asked_to_log_in_and_comes_back_to_the_page(
    visitor: Any, passwords: dict[str, Any], path: str
) -> None:
    assert visitor.get(path).headers["Location"] == "/login"
    account = passwords["administrator"]
    reply = visitor.post("/login", email=account["email"], password=account["password"])
    assert reply.headers["Location"] == path


@pytest.mark.parametrize("path", ["/api/status", "/api/runs", "/api/models", "/api/runs/x"])
def test_the_api_tells_a_visitor_so_in_json(visitor: Any, path: str) -> None:
    reply = visitor.get(path)
    assert (reply.status_code, list(reply.json)) == (401, ["error"])


@pytest.mark.parametrize("path", ENGINEERS_ONLY)
def test_what_a_model_says_is_not_shown_to_physicians(log_in: Callable[[str], Any], path: str) -> None:
    assert log_in("physician").get(path).status_code == 403


@pytest.mark.parametrize("role", ["administrator", "engineer", "physician"])
def test_everybody_but_readers_sees_the_agreement(log_in: Callable[[str], Any], role: str) -> None:
    assert log_in(role).get("/agreement").status_code == 200


def test_the_first_page_is_the_loop_or_for_a_physician_the_cases(log_in: Callable[[str], Any]) -> None:
    assert log_in("engineer").get("/").status_code == log_in("administrator").get("/").status_code == 200
    assert log_in("physician").get("/").headers["Location"] == "/adjudication"


def test_a_form_without_its_token_changes_nothing(log_in: Callable[[str], Any]) -> None:
    browser = log_in("engineer")
    for path in ("/runs", "/models/rollback", "/api/runs", "/logout", "/login"):
        assert browser.client.post(path).status_code == 400
        assert browser.client.post(path, data={"form_token": "made up"}).status_code == 400
    assert browser.get("/").status_code == 200


def test_a_script_may_use_basic_credentials_on_the_api_alone(visitor: Any, passwords: dict[str, Any]) -> None:
    account = passwords["engineer"]
    basic = (account["email"], account["password"])
    assert visitor.client.get("/api/runs", auth=basic).json == {"runs": []}
    assert visitor.client.get("/runs", auth=basic).status_code == 302


def test_wrong_passwords_are_slowed_down_and_the_right_one_then_waits_too(
    visitor: Any, passwords: dict[str, Any]
) -> None:
    email = passwords["engineer"]["email"]
    replies = [visitor.post("/login", email=email, password="wrong").status_code for _ in range(6)]
    assert replies == [401] * 5 + [429]
    assert visitor.post("/login", email=email, password=passwords["engineer"]["password"]).status_code == 429


def test_a_session_ends_when_the_password_changes_elsewhere(
    settings: Settings, log_in: Callable[[str], Any], passwords: dict[str, Any]
) -> None:
    here, there = log_in("engineer"), log_in("engineer")
    old = passwords["engineer"]["password"]
    changed = here.post("/password", on="/password", old=old, new="a better password", again="a better password")
    assert changed.status_code == 302
    assert here.get("/").status_code == 200
    assert there.get("/").headers["Location"] == "/login"


def test_every_reply_carries_the_security_headers(visitor: Any) -> None:
    for path in ("/login", "/health", "/nowhere", "/static/style.css"):
        headers = visitor.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_cookies_are_closed_to_scripts_and_other_sites_and_behind_https_to_anything_else(settings: Settings) -> None:
    cookie = create_app(settings).test_client().get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    behind = create_app(settings.model_copy(update={"https": True})).test_client()
    assert "Secure" in behind.get("/login").headers["Set-Cookie"]


def test_pages_hold_no_inline_script_or_style(log_in: Callable[[str], Any]) -> None:
    browser = log_in("administrator")
    for path in PAGES:
        text = browser.get(path).text
        assert "<script>" not in text
        assert "style=" not in text
        assert "onclick" not in text


def test_health_answers_anybody(visitor: Any) -> None:
    assert visitor.get("/health").json == {"status": "UP"}


def test_an_unexpected_error_shows_nothing_of_itself(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(settings)
    for path in ("/api/broken", "/broken"):
        app.add_url_rule(path, endpoint=path[1:], view_func=lambda: {}["patient Meier"])
    for path in ("/api/broken", "/broken"):
        reply = app.test_client().get(path)
        assert reply.status_code == 500
        assert "Meier" not in reply.text
        assert "Traceback" not in reply.text
    assert "Meier" not in caplog.text
    assert "KeyError" in caplog.text
