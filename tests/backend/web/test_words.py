"""The pages in two languages: nothing is missing, and everybody gets the one they chose."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from backend.errors import InputError, WrongState
from backend.jobs import runs
from backend.jobs.steps import agree
from backend.records import Verdict
from backend.sentences import say
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import ChampionChange, DatasetVersion, ModelVersion
from backend.web import words
from backend.web.app import create_app
from backend.web.terms import TERMS
from backend.web.translations import collect

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACE = re.compile(r"%\(\w+\)[sd]|%%|\{[^}]*\}")
TWO_WORDS = re.compile(r"[A-Za-z]{2,}[,;:]? (?:[a-z]{2,}|[A-Z]?[a-z]+)\b")
NAMES = ("Label Studio", "the other", "one more", "a reader with an account", "The lesion Dice is better.")
"""Of services and people, and what was written down in English when it happened."""
UNCHANGED = {"{n} · {kind}", "Label Studio"}
PAGES = {
    "reader": ("/own", "/password"),
    "physician": ("/adjudication", "/agreement", "/agreement/studies/b2", "/agreement/figures", "/worklists"),
    "engineer": (
        "/",
        "/data",
        "/agreement",
        "/agreement/figures",
        "/agreement/exposure",
        "/runs",
        "/models",
        "/nowhere",
        "/own",
    ),
    "administrator": ("/", "/accounts", "/worklists", "/adjudication/nothing"),
}


def sentences() -> Iterator[tuple[str, str]]:
    """Every sentence in use, and its Chinese; each form of those that go by number."""
    known = collect.translated()
    for message in collect.said():
        if message.id:
            found = known.get(message.id)
            english = message.id if isinstance(message.id, str) else message.id[-1]
            chinese = (found.string if found else "") or ""
            yield english, chinese if isinstance(chinese, str) else "".join(chinese)


def test_every_sentence_has_its_chinese() -> None:
    missing = [english for english, chinese in sentences() if not CHINESE.search(chinese) and english not in UNCHANGED]
    assert not missing, f"scripts/words, then translate: {missing}"


def test_every_translation_keeps_the_places_of_its_values() -> None:
    differ = [english for english, chinese in sentences() if set(PLACE.findall(english)) != set(PLACE.findall(chinese))]
    assert not differ


def test_the_translations_hold_what_is_said_and_nothing_else() -> None:
    assert collect.PO.read_bytes() == collect.written(collect.translated(), collect.said()), "run scripts/words"


def test_every_term_is_said_in_chinese(settings: Settings) -> None:
    with create_app(settings).test_request_context(headers={"Accept-Language": "zh-CN"}):
        untold = [name for name in TERMS if not CHINESE.search(words.term(name)) and name != "label_studio"]
    assert not untold


@pytest.mark.parametrize(
    ("accepted", "lang", "title"),
    [
        (None, "en", "Log in"),
        ("de, fr;q=0.5", "en", "Log in"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans", "登录"),
        ("en-GB, zh;q=0.5", "en", "Log in"),
    ],
    ids=["no wish", "neither", "Chinese first", "English first"],
)
def test_a_visitor_is_spoken_to_as_the_browser_prefers(visitor: Any, accepted: str, lang: str, title: str) -> None:
    page = visitor.client.get("/login", headers={"Accept-Language": accepted} if accepted else {}).text
    assert f'<html lang="{lang}">' in page
    assert f"<h1>{title}</h1>" in page


def test_the_choice_made_before_the_log_in_holds_after_it(visitor: Any, passwords: dict[str, Any]) -> None:
    reply = visitor.post("/language", language="zh", back="/login")
    assert reply.headers["Location"] == "/login"
    assert "<h1>登录</h1>" in visitor.get("/login").text
    account = passwords["engineer"]
    visitor.post("/login", email=account["email"], password=account["password"])
    assert "退出登录" in visitor.get("/password").text


def test_an_account_remembers_the_choice_in_another_browser(log_in: Callable[[str], Any]) -> None:
    log_in("engineer").post("/language", on="/password", language="zh", back="/runs")
    there = log_in("engineer")
    assert '<html lang="zh-Hans">' in there.get("/password").text
    there.post("/language", on="/password", language="en", back="/runs")
    assert '<html lang="en">' in log_in("engineer").get("/password").text


def test_a_language_that_nobody_speaks_here_is_refused(visitor: Any) -> None:
    reply = visitor.post("/language", language="xx", back="/login")
    assert reply.status_code == 400
    assert "en, zh" in reply.text


def test_errors_that_were_said_are_said_again_in_the_language_of_the_page(settings: Settings) -> None:
    error = WrongState(say("{email} is the last administrator; make another one first", email="a@x"))
    field = InputError(say("is unknown; known are {names}", names="a, b"), source="body", field="c")
    other = WrongState("something that nobody translated")
    with create_app(settings).test_request_context(headers={"Accept-Language": "zh"}):
        assert words.said(error) == "a@x 是最后一名管理员；请先设立另一名管理员"
        assert words.said(field) == "body: c: 未知；可用的有 a, b"
        assert words.said(other) == "something that nobody translated"
    with create_app(settings).test_request_context():
        assert words.said(error) == str(error)
        assert words.said(field) == str(field)


def test_numbers_and_times_are_written_alike_in_both(settings: Settings) -> None:
    for accepted in ("en", "zh"):
        with create_app(settings).test_request_context(headers={"Accept-Language": accepted}):
            assert words.gettext("%(n)s of %(all)s", n=1234, all=5678).count("1234") == 1


class _Shown(HTMLParser):
    """What a page shows or tells a screen reader, without code, times and names."""

    SILENT = ("script", "style", "code", "time", "iframe", "title")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self.SILENT
        spoken = {name: value or "" for name, value in attrs}
        self.texts += [spoken[name] for name in ("title", "aria-label", "placeholder", "alt") if name in spoken]
        if "data-words" in spoken:
            self.texts += _leaves(json.loads(spoken["data-words"]))

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(" ".join(data.split()))


def _leaves(document: Any) -> list[str]:
    if isinstance(document, dict):
        return [leaf for value in document.values() for leaf in _leaves(value)]
    return [document] if isinstance(document, str) else []


@pytest.fixture
def lived_in(
    settings: Settings, with_reader: Any, add_reader: Any, add_study: Any, add_reading: Any, box: Any
) -> list[str]:
    """A home in which something has happened; returns further addresses of it."""
    readers = [add_reader("the other", 10), add_reader("one more", 11)]
    for token, sizes in (("a1", (10, 10)), ("b2", (10, 30)), ("c3", (10, 0))):
        image = add_study(token)["anterior"]
        for reader, size in zip(readers, sizes, strict=True):
            add_reading(reader, image, *([box(200, 100, size, size)] if size else []))
    agree.settle(settings)
    with open_session(settings) as session:
        session.add(DatasetVersion(id="d" * 64, manifest={"members": [], "split_rule": "patient", "buckets": {}}))
        for model in ("a" * 12, "b" * 12):
            session.add(ModelVersion(id=model, weights_sha256="0" * 64, card={}, code_version="1"))
        session.flush()
        session.add(ChampionChange(model_id="a" * 12, action="promote", by="scintiloop"))
    waiting = runs.request_run(settings, "engineer", "d" * 64, start="scratch")
    ended = runs.request_run(settings, "engineer", "d" * 64)
    figure = {"value": 0.7, "low": 0.6, "high": 0.8, "n": 24}
    dice = {"metastasis": dict.fromkeys(("challenger", "champion", "difference"), figure)}
    outcome = runs.Outcome("b" * 12, Verdict("hold", "The lesion Dice is better."), dice, "a" * 12)
    runs.finish(settings, ended, runs.claim(settings, ended) or 0, outcome)
    models = [f"/models/{'b' * 12}", f"/models/{'b' * 12}/difference?to={'a' * 12}"]
    return [f"/runs/{waiting}", f"/runs/{ended}", *models]


@pytest.mark.parametrize("role", PAGES)
def test_a_page_in_chinese_says_no_sentence_in_english(
    role: str, lived_in: list[str], log_in: Callable[[str], Any]
) -> None:
    browser = log_in(role)
    browser.post("/language", on="/password", language="zh", back="/password")
    english = {}
    for path in (*PAGES[role], *(lived_in if role == "engineer" else ())):
        answer = browser.client.get(path, follow_redirects=True)
        assert answer.status_code in (200, 403, 404), f"{path}: {answer.status_code}"
        shown = _Shown()
        shown.feed(answer.text)
        found = [text for text in shown.texts if TWO_WORDS.search(_without_names(text))]
        if found:
            english[path] = found
    assert not english


def _without_names(text: str) -> str:
    for name in (*NAMES, *(one for one in words.OWN_NAMES.values())):
        text = text.replace(name, "")
    return text


def test_a_case_in_chinese_says_no_sentence_in_english(lived_in: list[str], log_in: Callable[[str], Any]) -> None:
    browser = log_in("physician")
    browser.post("/language", on="/password", language="zh", back="/password")
    answer = browser.get("/adjudication/b2")
    assert answer.status_code == 200
    shown = _Shown()
    shown.feed(answer.text)
    assert [text for text in shown.texts if TWO_WORDS.search(_without_names(text))] == []
