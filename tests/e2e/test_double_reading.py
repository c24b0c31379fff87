"""Double reading as its people meet it: two readers in Label Studio, a physician at the keyboard, the reference."""

import time
from itertools import cycle

import numpy as np
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from backend.jobs.steps import adjudicate, read
from backend.store.blobs import blobs_of
from backend.store.masks import load_mask
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import Account, Assignment, Image, Reading, Study

pytestmark = [pytest.mark.services, pytest.mark.browser, pytest.mark.timeout(900)]

REGIONS = ".lsf-tree-treenode:not([aria-hidden=true])"
PATIENCE = 120
KEYS = {"second": "2", "union": "3", "none": "5", "first": "1", "intersection": "4"}
LABELS = ("metastasis", "bladder")


def _soon(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def pair(show):
    """Two studies that nobody has read: one that the first reader sees assisted, one that the second does."""
    readers = show.settings.readers
    seen = {token for name in readers for token in read.studies_read_by(show.settings, name)}
    with open_session(show.settings) as session:
        rows = session.scalars(select(Assignment).order_by(Assignment.id)).unique().all()
        tasks = {(row.study.token, row.reader.name): row for row in rows if row.study.token not in seen}
    assisted = {
        name: [token for (token, who), row in tasks.items() if who == name and row.shown_model] for name in readers
    }
    projects = {name: show.project(name) for name in readers}

    def outlines(token, name):
        found = projects[name].service.predictions.list(task=tasks[token, name].label_studio_task)
        return sum(len(one.result) for one in found)

    chosen = {}
    for name in readers:
        shown = {token: outlines(token, name) for token in assisted[name]}
        chosen[name] = min((token for token in shown if shown[token]), key=lambda token: shown[token])
    return {
        (name, token): (projects[name], tasks[token, name].label_studio_task)
        for name in readers
        for token in chosen.values()
    } | {"assisted": chosen}


@pytest.fixture(scope="module")
def readings(pair, show, browser):
    """Each reader corrects the outlines of one study and draws the other from nothing, in the browser."""
    names = list(pair["assisted"])
    for name in names:
        for token in pair["assisted"].values():
            project, task = pair[name, token]
            context = browser.new_context(viewport={"width": 1600, "height": 1000})
            page = context.new_page()
            _log_in(page, project)
            page.goto(f"{project.settings.label_studio_address}/projects/{project.id}/data?task={task}")
            expect(page.locator(".konvajs-content")).to_have_count(4, timeout=60_000)
            if token == pair["assisted"][name]:
                _take_one_away(page)
            else:
                expect(page.locator(REGIONS)).to_have_count(0)
            _draw_a_square(page, shift=0.02 * names.index(name))
            with page.expect_response(lambda got: got.request.method == "POST" and "/annotations" in got.url) as answer:
                page.get_by_test_id("bottombar-submit-button").click(timeout=60_000)
            assert answer.value.status == 201
            context.close()
    tokens = set(pair["assisted"].values())
    for name in names:
        _soon(lambda: tokens <= read.studies_read_by(show.settings, name))  # noqa: B023 (waited for within the round)
    return tokens


def _log_in(page, project):
    page.goto(f"{project.settings.label_studio_address}/user/login/")
    page.fill("#email", project.account.email)
    page.fill("#password", project.account.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/user/login" not in url)


def _take_one_away(page):
    regions = page.locator(REGIONS)
    expect(regions.first).to_be_visible(timeout=60_000)
    before = regions.count()
    regions.first.click()
    page.keyboard.press("Backspace")
    expect(regions).to_have_count(before - 1)


def _draw_a_square(page, shift):
    """A metastasis of about a seventh of the width on the anterior projection, where nothing else is."""
    before = page.locator(REGIONS).count()
    box = page.locator(".konvajs-content canvas").first.bounding_box()
    page.keyboard.press("1")
    corners = [(0.05, 0.8), (0.2, 0.8), (0.2, 0.85), (0.05, 0.85)]
    for across, down in [*corners, corners[0]]:
        page.mouse.click(box["x"] + (across + shift) * box["width"], box["y"] + down * box["height"])
        page.wait_for_timeout(300)
    expect(page.locator(REGIONS)).to_have_count(before + 1)
    expect(page.get_by_test_id("bottombar-submit-button")).to_be_enabled()


@pytest.fixture(scope="module")
def physician(show):
    with open_session(show.settings) as session:
        return session.scalars(select(Account).where(Account.role == "physician")).one()


@pytest.fixture(scope="module")
def physicians_page(show, browser):
    account = next(one for one in show.summary["site"]["accounts"] if one["role"] == "physician")
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    page.goto(f"{show.settings.web_address}/login")
    page.fill("[name=email]", account["email"])
    page.fill("[name=password]", account["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{show.settings.web_address}/adjudication")
    yield page
    context.close()


def test_each_reader_corrected_one_study_and_drew_the_other_from_nothing(show, pair, readings):
    with open_session(show.settings) as session:
        rows = session.scalars(select(Reading).join(Image).join(Study).where(Study.token.in_(readings))).unique()
        exposures = {(row.reader.name, row.image.study.token): row.exposure for row in rows}
    expected = {
        (name, token): "assisted" if token == pair["assisted"][name] else "blind"
        for name in pair["assisted"]
        for token in readings
    }
    assert exposures == expected


def test_neither_reader_reaches_what_the_other_drew(show, pair, readings, session_of):
    for name in pair["assisted"]:
        other = next(one for one in pair["assisted"] if one != name)
        session = session_of(pair[name, next(iter(readings))][0])
        for token in readings:
            project, task = pair[other, token]
            [document] = [one for one in project.tasks_with_annotations() if one["id"] == task]
            for path in (
                f"/api/tasks/{task}",
                f"/api/tasks/{task}/annotations",
                f"/api/annotations/{document['annotations'][0]['id']}",
                f"/api/projects/{project.id}",
                f"/projects/{project.id}/data?task={task}",
            ):
                assert session.get(path).status_code == 404, path


def test_the_physician_decides_by_keyboard_and_the_reference_is_what_was_decided(
    show, readings, physicians_page, physician
):
    for token in sorted(readings):
        _decide_by_keyboard(physicians_page, show, token, physician.id)
        told = adjudicate.document(show.settings, token, physician.id)
        assert told["state"] == "sealed"
        assert not any(name in str(told) for name in show.settings.readers)
        for projection in told["projections"]:
            if projection["disputes"]:
                assert _sealed(show, token, projection["projection"]) == "adjudicated"
                expected = _as_decided(projection)
                for label in LABELS:
                    assert np.array_equal(
                        _reference_mask(show, token, projection["projection"], label), expected[label]
                    )


def test_the_next_dataset_version_holds_the_references(show, readings):
    frozen = show.command("dataset", "freeze")
    members = {(one["study"], one["projection"]): one["reference_sha256"] for one in frozen["members"]}
    with open_session(show.settings) as session:
        images = session.scalars(select(Image).join(Study).where(Study.token.in_(readings))).unique().all()
        named = {(image.study.identifier, image.projection): current_reference(session, image.id) for image in images}
    assert len(named) == 4
    assert all(reference.status in ("adjudicated", "agreed") for reference in named.values())
    assert named.keys() <= members.keys()


def _decide_by_keyboard(page, show, token, account_id):
    """Opens the case from the queue and gives every disagreement another answer in turn, without the mouse."""
    page.goto(f"{show.settings.web_address}/adjudication")
    page.locator(f"a[href$='/adjudication/{token}']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/adjudication/{token}")
    expect(page.locator("#choices")).to_be_visible()
    wanted = cycle(KEYS)
    document = adjudicate.document(show.settings, token, account_id)
    open_ones = [dispute for one in document["projections"] for dispute in one["disputes"]]
    assert open_ones
    for number in range(len(open_ones)):
        left = adjudicate.document(show.settings, token, account_id)["undecided"]
        assert left == len(open_ones) - number
        selected = page.locator("#list [aria-current=true]").get_attribute("data-key")
        dispute = next(one for one in open_ones if one["key"] == selected)
        choice = next(one for one in wanted if one in dispute["choices"])
        page.keyboard.press(KEYS[choice])
        if choice in dispute["needs_reason"]:
            page.keyboard.press("1")
        _soon(lambda: adjudicate.document(show.settings, token, account_id)["undecided"] == left - 1)  # noqa: B023
    page.keyboard.press("Control+Enter")
    _soon(lambda: adjudicate.document(show.settings, token, account_id)["state"] == "sealed")


def _as_decided(projection):
    """The masks that the decisions say, worked out from the outlines alone."""
    masks = {label: np.zeros((1024, 256), dtype=bool) for label in LABELS}
    for part in projection["settled"]:
        masks[part["label"]] |= _fill(part["rings"])
    for dispute in projection["disputes"]:
        sides = [dispute[name] for name in ("first", "second")]
        filled = [_fill(side["rings"]) if side else np.zeros((1024, 256), dtype=bool) for side in sides]
        label = dispute["label"]
        match dispute["decision"]["choice"]:
            case "first" | "second" as name:
                side, mask = (sides[0], filled[0]) if name == "first" else (sides[1], filled[1])
                if side:
                    masks[side["label"]] |= mask
            case "union":
                masks[label] |= filled[0] | filled[1]
            case "intersection":
                masks[label] |= filled[0] & filled[1]
            case "none":
                pass
            case other:
                pytest.fail(f"this test does not work out {other}")
    return {"metastasis": masks["metastasis"] & ~masks["bladder"], "bladder": masks["bladder"]}


def _fill(rings):
    """(1024, 256) bool: the pixels whose centres the rings enclose, even-odd, by counting crossings to the left."""
    mask = np.zeros((1024, 256), dtype=bool)
    centres = np.arange(256) + 0.5
    for ring in rings:
        for (c0, r0), (c1, r1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            for row in range(1024) if r0 != r1 else ():
                if min(r0, r1) <= row + 0.5 < max(r0, r1):
                    mask[row] ^= centres > c0 + (row + 0.5 - r0) * (c1 - c0) / (r1 - r0)
    return mask


def _image(session, token, projection):
    return session.scalars(select(Image).join(Study).where(Study.token == token, Image.projection == projection)).one()


def _sealed(show, token, projection):
    with open_session(show.settings) as session:
        return current_reference(session, _image(session, token, projection).id).status


def _reference_mask(show, token, projection, label):
    with open_session(show.settings) as session:
        reference = current_reference(session, _image(session, token, projection).id)
    return load_mask(blobs_of(show.settings), getattr(reference, f"{label}_sha256"))
