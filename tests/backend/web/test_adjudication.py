"""The queue and the case page as a physician's browser gets them, and what they never give away."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend.jobs.steps.agree import settle_images
from backend.settings import Settings
from backend.store.accounts import hashed
from backend.store.session import open_session
from backend.store.tables import Account, AdjudicationStep, Reader
from tests.backend.web.conftest import Browser

STUDY = "5ca1ab1e5ca1ab1e"
NAMES = ("north reader", "south reader")
COLLEAGUE = {"email": "colleague@hospital.example", "password": "a password of the colleague"}
SCRIPT = "<script>alert('x')</script>"


class Page:
    """A case page: its document, and its scripts' requests with the session's token."""

    def __init__(self, browser: Browser, study: str = STUDY) -> None:
        self.client, self.address = browser.client, f"/adjudication/{study}"
        self.reply = self.client.get(self.address)
        found = re.search(r'data-token="([^"]+)"', self.reply.text)
        self.token = found[1] if found else ""

    @property
    def document(self) -> Any:
        found = re.search(r'<script type="application/json" id="document">(.*?)</script>', self.reply.text, re.DOTALL)
        assert found, self.reply.text
        return json.loads(found[1])

    def disputes(self) -> list[Any]:
        return [dispute for one in self.document["projections"] for dispute in one["disputes"]]

    def post(self, what: str, body: Any, **headers: str) -> TestResponse:
        content = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.client.post(f"{self.address}/{what}", data=content, headers={"X-Form-Token": self.token} | headers)

    def decide(self, number: int, choice: str, revision: int, **more: Any) -> TestResponse:
        step = {"action": "decide", "dispute": self.disputes()[number]["key"], "choice": choice, **more}
        return self.post("steps", {"revision": revision, **step})


@pytest.fixture
def case(settings: Settings, add_study: Any, add_reader: Any, add_reading: Any, box: Any) -> dict[str, int]:
    """A lesion that one reader alone drew, and one that they draw differently."""
    images: dict[str, int] = add_study(STUDY, patient="a patient's pseudonym")
    readers = [add_reader(name, number) for number, name in enumerate(NAMES, start=1)]
    add_reading(readers[0], images["anterior"], box(100, 100, 12, 12), box(300, 90, 20, 20))
    add_reading(readers[1], images["anterior"], box(300, 100, 20, 20))
    for reader in readers:
        add_reading(reader, images["posterior"], box(600, 90, 10, 10))
    settle_images(settings, images.values())
    return images


@pytest.fixture
def physician(log_in: Callable[[str], Browser]) -> Browser:
    return log_in("physician")


@pytest.fixture
def colleague(settings: Settings, passwords: Any, log_in: Callable[[str], Browser]) -> Browser:
    with open_session(settings) as session:
        session.add(Account(email=COLLEAGUE["email"], role="physician", password_hash=hashed(COLLEAGUE["password"])))
    passwords["colleague"] = COLLEAGUE
    return log_in("colleague")


@pytest.fixture
def page(case: Any, physician: Browser) -> Page:
    return Page(physician)


def steps_kept(settings: Settings) -> int:
    with open_session(settings) as session:
        return session.query(AdjudicationStep).count()


def test_the_queue_names_cases_by_token_and_says_how_much_hangs_on_them(case: Any, physician: Browser) -> None:
    text = physician.get("/adjudication").text
    assert STUDY in text
    assert "1 case waits" in text


def test_htmx_gets_the_rows_alone(case: Any, physician: Browser) -> None:
    rows = physician.client.get("/adjudication", headers={"HX-Request": "true"}).text
    assert "<tr>" in rows
    assert "<html" not in rows


def test_the_page_brings_the_whole_document(page: Page) -> None:
    assert page.reply.status_code == 200
    assert [one["projection"] for one in page.document["projections"]] == ["anterior", "posterior"]
    assert {dispute["kind"] for dispute in page.disputes()} == {"only", "shape"}
    assert page.client.get(f"{page.address}/case.json").json == page.document


def test_neither_page_nor_scripts_tell_who_read_or_who_the_patient_is(
    page: Page, physician: Browser, settings: Settings
) -> None:
    answers = [page.decide(0, "first", 0, reason="other"), page.decide(0, "first", 0)]
    told = [page.reply.text, physician.get("/adjudication").text, *(answer.text for answer in answers)]
    told.append(page.client.get(f"{page.address}/case.json").text)
    for text in told:
        for word in (*NAMES, "pseudonym", "reader_id", "reading_id", '"a"', '"b"'):
            assert word not in text


def test_a_decision_is_kept_and_a_second_window_learns_of_it(page: Page, settings: Settings) -> None:
    chosen = next(n for n, dispute in enumerate(page.disputes()) if dispute["kind"] == "shape")
    answer = page.decide(chosen, "union", 0).json
    assert (answer["revision"], answer["undecided"], answer["dispute"]["decision"]["choice"]) == (1, 1, "union")
    refused = page.decide(chosen, "first", 0)
    assert (refused.status_code, refused.json["kind"]) == (409, "stale")
    assert page.client.get(f"{page.address}/case.json").json["revision"] == 1


def test_a_finished_case_leaves_the_queue_and_can_be_looked_at(page: Page, physician: Browser) -> None:
    for revision, dispute in enumerate(page.disputes()):
        number = page.disputes().index(dispute)
        reasons = {"reason": "fracture"} if "none" in dispute["needs_reason"] else {}
        assert page.decide(number, "none", revision, **reasons).status_code == 200
    outcome = page.post("finish", {"revision": 2}).json
    assert (outcome["state"], outcome["next"], outcome["address"]) == ("sealed", None, "/adjudication")
    queue = physician.get("/adjudication").text
    assert f"The reference of case {STUDY} is sealed." in queue
    assert "Nothing waits" in queue
    assert Page(physician).document["state"] == "sealed"
    assert page.decide(0, "first", 2).status_code == 409


def test_another_physicians_case_is_said_to_be_in_hand_and_can_be_taken_over(
    page: Page, colleague: Browser, physician: Browser
) -> None:
    page.decide(0, "edit", 0)
    reply = colleague.get(f"/adjudication/{STUDY}")
    assert reply.status_code == 409
    assert "physician@scintiloop.local" in reply.text
    assert "Take it over" in reply.text
    assert colleague.post(f"/adjudication/{STUDY}/take-over", on="/adjudication").status_code == 302
    assert Page(colleague).document["state"] == "open"
    refused = page.decide(0, "none", 0, reason="other")
    assert (refused.status_code, refused.json["kind"]) == (409, "in_hand")
    assert COLLEAGUE["email"] in refused.json["error"]


def test_a_second_opinion_is_asked_for_by_form_and_heads_the_others_queue(
    page: Page, settings: Settings, colleague: Browser, physician: Browser
) -> None:
    with open_session(settings) as session:
        other = session.query(Account).filter_by(email=COLLEAGUE["email"]).one().id
    reply = physician.post(f"/adjudication/{STUDY}/second-opinion", on="/adjudication", of=str(other))
    assert reply.status_code == 302
    assert "your second opinion is asked" in colleague.get("/adjudication").text
    assert Page(colleague).document["kind"] == "second"


def test_a_reading_revised_meanwhile_is_said_and_the_case_opens_again(
    page: Page, settings: Settings, case: Any, add_reading: Any, box: Any, physician: Browser
) -> None:
    with open_session(settings) as session:
        reader = session.query(Reader).filter_by(name=NAMES[0]).one().id
    add_reading(reader, case["anterior"], box(300, 90, 20, 20))
    settle_images(settings, case.values())
    refused = page.decide(0, "first", 0)
    assert (refused.status_code, refused.json["kind"]) == (409, "revised")
    assert Page(physician).document["revision"] in (0, 1)


BAD_BODIES = {
    "not JSON": ("{", "is not JSON"),
    "a list": ("[]", "not a JSON object"),
    "a number that is none": ('{"revision": NaN, "action": "undo"}', "is not JSON"),
    "nested without end": ("[" * 100_000, "is not JSON"),
    "half a character": ('{"revision": 0, "action": "comment", "text": "\\ud800"}', "is not JSON"),
    "a key that comes twice": ('{"revision": 0, "revision": 0, "action": "undo"}', "comes twice"),
    "an unknown key": ('{"revision": 0, "action": "undo", "force": true}', "'force' is not known"),
    "an unknown action": ('{"revision": 0, "action": "seal"}', "action is not known"),
    "a missing key": ('{"revision": 0, "action": "clear"}', "'dispute' is missing"),
    "a long comment": (json.dumps({"revision": 0, "action": "comment", "text": "x" * 2001}), "longer than 2000"),
    "another case's dispute": (
        json.dumps({"revision": 0, "action": "decide", "dispute": "0" * 16, "choice": "first"}),
        "no such disagreement",
    ),
}


@pytest.mark.parametrize(("body", "sentence"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    body: str, sentence: str, page: Page, settings: Settings
) -> None:
    answer = page.post("steps", body)
    assert (answer.status_code, answer.json["kind"]) == (400, "input")
    assert sentence in answer.json["error"]
    assert steps_kept(settings) == 0


BAD_OUTLINES = {
    "beyond the image": ([[[-1, 5], [20, 5], [20, 20]]], "beyond the image"),
    "crossing itself": ([[[5, 5], [20, 20], [20, 5], [5, 20]]], "crosses itself"),
    "two points": ([[[5, 5], [20, 20]]], "between 3 and"),
    "no number": ([[[5, 5], [20, "x"], [5, 20]]], "two numbers"),
}


@pytest.mark.parametrize(("rings", "sentence"), BAD_OUTLINES.values(), ids=BAD_OUTLINES.keys())
def test_an_outline_that_cannot_be_is_refused(rings: Any, sentence: str, page: Page, settings: Settings) -> None:
    answer = page.decide(0, "edit", 0, regions=[{"label": "metastasis", "rings": rings}])
    assert (answer.status_code, answer.json["kind"]) == (400, "input")
    assert sentence in answer.json["error"]
    assert steps_kept(settings) == 0


def test_an_outline_of_many_points_is_taken(page: Page) -> None:
    ring = [[20 + 100 * k / 999, 40] for k in range(1000)] + [[120 - 100 * k / 999, 60] for k in range(1000)]
    regions = [{"label": "metastasis", "rings": [ring]}] * 3
    assert len(json.dumps(regions)) > 64 * 1024
    assert page.decide(0, "edit", 0, regions=regions).status_code == 200


def test_script_in_a_comment_is_text(page: Page, physician: Browser) -> None:
    assert page.post("steps", {"revision": 0, "action": "comment", "text": SCRIPT}).json["comment"] == SCRIPT
    again = Page(physician)
    assert again.document["comment"] == SCRIPT
    assert SCRIPT not in again.reply.text


def test_what_is_refused_is_logged_without_what_it_said(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        page.post("steps", {"revision": 0, "action": "comment", "text": "a very private remark " * 200})
        page.post("steps", '{"revision": 0, "a very private key": 1, "action": "undo"}')
    assert "private" not in caplog.text


FORGED = ("ffffffffffffffff", "..%2f..%2fetc", "1", "' or 1=1 --")


@pytest.mark.parametrize("study", FORGED)
def test_a_forged_case_is_not_found_by_any_way(study: str, physician: Browser, case: Any) -> None:
    page = Page(physician)
    page.address = f"/adjudication/{study}"
    assert physician.get(page.address).status_code == 404
    for path in ("case.json", "model.json", "anterior/low.png"):
        assert page.client.get(f"{page.address}/{path}").status_code == 404
    for what, body in (("steps", {"revision": 0, "action": "undo"}), ("finish", {"revision": 0})):
        assert page.post(what, body).status_code == 404
    for form in ("take-over", "second-opinion"):
        assert physician.post(f"{page.address}/{form}", on="/adjudication", of="1").status_code == 404


@pytest.mark.parametrize("role", ["engineer"])
def test_other_roles_are_refused(role: str, log_in: Any, case: Any) -> None:
    browser = log_in(role)
    for path in ("", f"/{STUDY}", f"/{STUDY}/case.json", f"/{STUDY}/anterior/low.png"):
        assert browser.get(f"/adjudication{path}").status_code == 403


def test_a_reader_is_refused(with_reader: Any, log_in: Any, case: Any) -> None:
    browser = log_in("reader")
    for path in ("", f"/{STUDY}", f"/{STUDY}/case.json", f"/{STUDY}/anterior/low.png"):
        assert browser.get(f"/adjudication{path}").status_code == 403


def test_a_visitors_script_is_told_to_log_in_and_a_visitors_browser_is_sent_there(visitor: Browser, case: Any) -> None:
    answer = visitor.get(f"/adjudication/{STUDY}/case.json")
    assert (answer.status_code, answer.json["kind"]) == (401, "login")
    assert visitor.get(f"/adjudication/{STUDY}").status_code == 302
    assert visitor.get(f"/adjudication/{STUDY}/anterior/low.png").status_code == 302


def test_a_step_without_the_sessions_token_is_refused(page: Page, settings: Settings) -> None:
    answer = page.post("steps", {"revision": 0, "action": "undo"}, **{"X-Form-Token": "another"})
    assert (answer.status_code, answer.json["kind"]) == (400, "form")
    assert steps_kept(settings) == 0
    renewed = page.client.get(f"{page.address}/case.json").headers["X-Form-Token"]
    assert renewed == page.token


def test_another_physicians_session_cannot_act_on_a_case_in_hand(page: Page, colleague: Browser) -> None:
    foreign = Page(colleague, "ffffffffffffffff")
    colleague.get("/adjudication")
    with colleague.client.session_transaction() as session:
        session["form_token"] = foreign.token = "x" * 32
    foreign.address = page.address
    answer = foreign.post("steps", {"revision": 0, "action": "undo"})
    assert (answer.status_code, answer.json["kind"]) == (409, "in_hand")


def test_sub_images_are_private_asked_for_again_and_not_sent_twice(page: Page) -> None:
    path = f"{page.address}/posterior/high.png"
    first = page.client.get(path)
    assert (first.status_code, first.mimetype) == (200, "image/png")
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = page.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert page.client.get(f"{page.address}/posterior/middle.png").status_code == 404


def test_a_study_without_a_case_shows_no_picture(page: Page, add_study: Any) -> None:
    add_study("0123456789abcdef")
    assert page.client.get("/adjudication/0123456789abcdef/anterior/low.png").status_code == 404


def test_a_sequestered_case_offers_no_model(
    settings: Settings, add_study: Any, add_reader: Any, add_reading: Any, box: Any, physician: Browser
) -> None:
    images = add_study(STUDY, sequestered=True)
    for number in (1, 2):
        regions = [box(100, 100, 12, 12)] if number == 1 else []
        add_reading(add_reader(f"reader {number}", number), images["anterior"], *regions)
    settle_images(settings, images.values())
    page = Page(physician)
    assert page.document["model"] == {"allowed": False, "shown": False}
    assert page.client.get(f"{page.address}/model.json").status_code == 403
    refused = page.post("steps", {"revision": 0, "action": "show_model"})
    assert (refused.status_code, refused.json["kind"]) == (403, "refused")


def test_pages_need_no_other_site_and_no_inline_style(page: Page, physician: Browser) -> None:
    for text in (page.reply.text, physician.get("/adjudication").text):
        assert "http://" not in text
        assert "https://" not in text
        assert 'style="' not in text
        assert not re.search(r"<script(?! (type=\"application/json\"|type=\"module\" src|src))", text)
