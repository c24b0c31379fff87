"""Who may start training, and that each of the buttons queues the same run."""

import time

import pytest
import requests
from playwright.sync_api import expect
from requests.auth import HTTPBasicAuth

from backend.store.secrets import secret

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]

PATIENCE = 60


@pytest.fixture
def backend(show):
    """The ML backend as reader 1's project in Label Studio knows it."""
    project = show.project("reader 1")
    return project, project.service.ml.list(project=project.id)[0].id


@pytest.fixture
def new_run(show):
    """Waits for a run that was not there before; it is cancelled in the end."""
    before = {run["run"] for run in show.command("runs")["runs"]}

    def find():
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for run in show.command("runs")["runs"]:
                if run["run"] not in before:
                    return run
        pytest.fail("no run was queued")

    yield find
    for run in show.command("runs")["runs"]:
        if run["run"] not in before and run["state"] in ("queued", "running"):
            show.command("runs", "cancel", run["run"])


def _job_status(show, job):
    login = HTTPBasicAuth("scintiloop", secret(show.settings, "ml_backend_password"))
    address = f"{show.settings.ml_backend_address}/job_status"
    return requests.post(address, json={"job": job}, auth=login, timeout=30).json()["job_status"]


def test_label_studios_button_queues_a_run_that_can_be_followed(show, backend, new_run):
    project, number = backend
    project.service.ml.train(id=number)
    run = new_run()
    who, _, job = run["requested_by"].partition(":")
    assert who == "label-studio"
    assert _job_status(show, job) in ("queued", "started")
    show.command("runs", "cancel", run["run"])
    deadline = time.monotonic() + PATIENCE
    while _job_status(show, job) != "canceled":
        assert time.monotonic() < deadline


@pytest.mark.browser
def test_an_engineers_button_queues_a_run_and_shows_it(show, engineers_page, new_run):
    engineers_page.goto(f"{show.settings.web_address}/runs")
    engineers_page.get_by_role("button", name="Retrain now").click()
    run = new_run()
    assert engineers_page.url == f"{show.settings.web_address}/runs/{run['run']}"
    expect(engineers_page.get_by_role("button", name="Cancel")).to_be_visible()
    assert run["requested_by"] == "engineer@scintiloop.local"


def test_a_reader_has_no_such_button(show, backend, session_of):
    project, number = backend
    reader = session_of(project)
    before = show.command("runs")
    assert reader.post(f"/api/ml/{number}/train", json={}).status_code == 404
    assert reader.get(f"/projects/{project.id}/settings/ml").status_code == 404
    assert show.command("runs") == before
