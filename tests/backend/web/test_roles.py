"""Every route of the pages, tried as every role: what is not in the table is closed."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from backend.settings import Settings
from backend.web.app import create_app

OPEN = {"/health", "/login", "/static/<path:filename>"}
"""To anybody."""
OWN = {"/", "/password"}
"""To everybody who is logged in; `/` sends readers and physicians on."""
STAFF = {"/api/status"}
PHYSICIANS = {"/agreement", "/agreement/figures", "/worklists", "/worklists/third"}
PHYSICIANS_UNDER = ("/adjudication",)
ENGINEERS = {"/agreement", "/agreement/exposure", "/data", "/runs", "/models", "/api/runs", "/api/models"}
ENGINEERS_UNDER = ("/runs/", "/models/", "/api/runs/", "/api/models/", "/agreement/")
READERS = {"/own"}
ADMINISTRATORS_ONLY = {"/accounts"}


def _allowed(role: str, rule: str) -> bool:
    shared = rule in OPEN | OWN
    of_role = {
        "reader": rule in READERS,
        "physician": rule in STAFF | PHYSICIANS or rule.startswith((*PHYSICIANS_UNDER, "/agreement/studies")),
        "engineer": rule in STAFF | ENGINEERS or rule.startswith(ENGINEERS_UNDER),
        "administrator": rule not in READERS,
    }
    return shared or of_role[role]


@pytest.fixture(params=["reader", "physician", "engineer", "administrator"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_role_opens_its_own_pages_and_nothing_else(
    role: str, settings: Settings, with_reader: dict[str, Any], log_in: Callable[[str], Any]
) -> None:
    browser = log_in(role)
    opened = []
    for rule in create_app(settings).url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        answer = browser.client.get(path)
        if answer.status_code not in (302, 403, 404, 409):
            opened.append(rule.rule)
        if not _allowed(role, rule.rule):
            assert answer.status_code in (403, 404), f"{role} got {answer.status_code} from {path}"
    assert set(opened) >= {"/password", "/health"}
    assert [one for one in opened if not _allowed(role, one)] == []


def test_a_role_changes_nothing_that_is_not_its_own(
    role: str, settings: Settings, with_reader: dict[str, Any], log_in: Callable[[str], Any]
) -> None:
    browser = log_in(role)
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/password").text)
    assert token
    for rule in create_app(settings).url_map.iter_rules():
        changing = (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        if rule.rule in {"/login", "/logout", "/language", "/password"} or not changing:
            continue
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in changing:
            answer = browser.client.open(path, method=method, headers={"X-Form-Token": token[1]})
            if not _allowed(role, rule.rule):
                assert answer.status_code in (403, 404), f"{role} got {answer.status_code} from {method} {path}"


def test_each_role_is_sent_to_its_own_first_page_and_offered_no_page_it_may_not_open(
    role: str, with_reader: dict[str, Any], log_in: Callable[[str], Any]
) -> None:
    browser = log_in(role)
    first = browser.client.get("/", follow_redirects=True)
    assert first.status_code == 200
    navigation = first.text.split("<nav")[1].split("</nav>")[0]
    offered = re.findall(r'href="([^"]+)"', navigation)
    assert offered
    for path in offered:
        assert browser.client.get(path, follow_redirects=True).status_code == 200, f"{role} is offered {path}"
    assert ("/accounts" in offered) == (role == "administrator")
    assert ("/own" in offered) == (role == "reader")


def test_a_reader_sees_how_far_the_reading_is(with_reader: dict[str, Any], log_in: Callable[[str], Any]) -> None:
    browser = log_in("reader")
    assert browser.get("/").headers["Location"] == "/own"
    page = browser.get("/own").text
    assert "studies to read" in page
    assert "Label Studio" in page
