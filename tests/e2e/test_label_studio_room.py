"""A reader logs in to the real Label Studio, opens a study and sees the model's outline; the other reader does not."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from backend.labelstudio.project import ReaderProject

pytestmark = [pytest.mark.services, pytest.mark.browser]

REGIONS = ".lsf-tree-treenode:not([aria-hidden=true])"


def test_a_reader_sees_the_pushed_outline_on_four_sub_images(desks, page_of: Callable[[ReaderProject], Page], tmp_path):
    desk = desks[0]
    page = page_of(desk.project)
    images: set[str] = set()
    page.on("response", lambda got: images.add(got.url) if "local-files" in got.url and got.status == 200 else None)
    page.goto(f"{desk.project.settings.label_studio_address}/projects/{desk.project.id}/data?task={desk.open_task}")
    expect(page.locator(REGIONS)).to_have_count(1, timeout=30_000)
    expect(page.locator(".konvajs-content")).to_have_count(4)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=tmp_path / "room.png")
    assert len(images) == 4


def test_the_labelling_stream_offers_the_open_study_and_takes_its_submission(desks, page_of):
    desk = desks[0]
    page = page_of(desk.project)
    page.goto(
        f"{desk.project.settings.label_studio_address}/projects/{desk.project.id}/data?tab={desk.view}&labeling=1"
    )
    expect(page.get_by_test_id("bottombar-submit-button")).to_be_visible(timeout=30_000)
    expect(page.locator(REGIONS)).to_have_count(1)
    with page.expect_response(lambda got: got.request.method == "POST" and "/annotations" in got.url) as submitted:
        page.get_by_test_id("bottombar-submit-button").click()
    assert submitted.value.status == 201
    kept = {task["id"]: task["annotations"] for task in desk.project.tasks_with_annotations()}[desk.open_task]
    assert [region["score"] for annotation in kept for region in annotation["result"]] == [0.87]


def test_nothing_a_page_loads_comes_from_outside(desks, page_of):
    desk = desks[0]
    page = page_of(desk.project)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{desk.project.settings.label_studio_address}/projects/{desk.project.id}/data?task={desk.task}")
    expect(page.locator(REGIONS)).to_have_count(1, timeout=30_000)
    own = (desk.project.settings.label_studio_address, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


def test_the_other_reader_finds_no_project_task_or_outline(desks, page_of):
    mine, other = desks
    page = page_of(other.project)
    page.goto(f"{mine.project.settings.label_studio_address}/projects/")
    page.wait_for_load_state("networkidle")
    assert page.locator(f"a[href*='/projects/{mine.project.id}/']").count() == 0
    answer = page.goto(f"{mine.project.settings.label_studio_address}/projects/{mine.project.id}/data?task={mine.task}")
    assert answer is not None
    assert answer.status == 404
    assert page.locator(REGIONS).count() == 0
