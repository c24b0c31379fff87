"""The loop as its users meet it: `scintiloop demo` is served, read, corrected, interrupted, and shown again."""

import json
import math
import signal
import time
from dataclasses import dataclass

import psutil
import pytest
import requests
from playwright.sync_api import expect
from requests.auth import HTTPBasicAuth
from sqlalchemy import select

from backend.jobs.dispatch import dispatch
from backend.jobs.steps import read
from backend.labelstudio.layout import label_control
from backend.labelstudio.project import ReaderProject
from backend.model.day_one import day_one_names
from backend.services.catalogue import slot
from backend.services.processes import end
from backend.store.secrets import secret
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, Reading, Study
from converters.label_studio import to_results

pytestmark = [pytest.mark.services, pytest.mark.browser, pytest.mark.timeout(900)]

REGIONS = ".lsf-tree-treenode:not([aria-hidden=true])"
PAGES = ("/", "/agreement", "/runs", "/runs/{run}", "/models", "/models/{first}/report")
STAFF = ("administrator", "engineer", "physician")
PATIENCE = 120


@dataclass(frozen=True)
class Case:
    """A study on one reader's worklist that nobody has read yet."""

    project: ReaderProject
    token: str
    task: int

    @property
    def address(self) -> str:
        return f"{self.project.settings.label_studio_address}/projects/{self.project.id}/data?task={self.task}"

    def shown(self):
        """What stands in Label Studio for the reader to see: the number of outlines by version."""
        return {one.model_version: len(one.result) for one in self.project.service.predictions.list(task=self.task)}

    def is_read(self):
        return self.token in read.studies_read_by(self.project.settings, self.project.account.name)


@pytest.fixture(scope="module")
def waiting(show):
    """The cases that nobody has read, by exposure; those with few outlines first, because many make a page slow."""
    seen = {token for name in show.settings.readers for token in read.studies_read_by(show.settings, name)}
    chosen = select(Assignment.exposure, Assignment.label_studio_task, Reader.name, Study.token)
    with open_session(show.settings) as session:
        rows = session.execute(chosen.join(Reader).join(Study).order_by(Assignment.id)).all()
    cases = {"assisted": [], "blind": []}
    for exposure, task, name, token in rows:
        if token not in seen:
            cases[exposure].append(Case(show.project(name), token, task))
    cases["assisted"].sort(key=lambda case: sum(case.shown().values()) or math.inf)
    return cases


@pytest.fixture(scope="module")
def models(show):
    """The model that serves and the one before it where the last one serves, else the last one, as Label Studio names
    them."""
    first, second = show.summary["rounds"]
    trained, last = (f"scintiloop-{one['run']['model']}" for one in (first, second))
    before = trained if first["promoted"] else f"scintiloop-{first['run']['champion']}"
    return (last, before) if second["promoted"] else (before, last)


def _soon(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.5)


def _ask_backend(show, path, body):
    login = HTTPBasicAuth("scintiloop", secret(show.settings, "ml_backend_password"))
    answer = requests.post(f"{show.settings.ml_backend_address}{path}", json=body, auth=login, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_both_rounds_are_told(show):
    first, second = show.summary["rounds"]
    assert [(one["studies"], one["readings"], one["run"]["state"]) for one in (first, second)] == [
        (4, 16, "done"),
        (8, 32, "done"),
    ]
    assert second["pre_annotated"] > 0
    assert {one["run"]["verdict"] for one in (first, second)} == {"hold"}
    assert first["run"]["options"]["start"] == second["run"]["options"]["start"]
    assert second["run"]["champion"] == first["run"]["model" if first["promoted"] else "champion"]
    assert sum(second["references"].values()) == 2 * 12
    assert second["run"]["dice"]["bladder"]["difference"]["n"] == 6


def test_the_model_that_comes_along_helps_from_the_first_scan_and_stands_beside_those_that_learned_here(show):
    if not day_one_names():
        pytest.skip("the packaged model, which is trained on a GPU, is not in this checkout")
    first = show.summary["rounds"][0]
    came_along = first["run"]["champion"]
    assert first["run"]["options"]["start"] == came_along
    assert first["pre_annotated"] > 0
    assert [(one["round"], one["model"]) for one in show.summary["compared"]] == [
        (1, first["run"]["model"]),
        (0, came_along),
    ]
    listed = {one["model"]: one for one in show.command("models")["models"]}
    assert listed[came_along]["simulated"]
    assert {one["dice"]["bladder"]["challenger"]["n"] for one in show.summary["compared"]} == {6}


def test_every_service_serves(show):
    assert {one["state"] for one in show.command("status")["services"]} == {"running"}
    roles = [(one["where"], one["role"]) for one in show.command("accounts")["accounts"]]
    everybody = [*STAFF, "reader", "reader"]
    assert roles == [("label_studio", "reader")] * 2 + [("web", name) for name in everybody]


def test_a_case_is_shown_to_one_reader_and_one_that_is_sequestered_or_a_control_to_none(show, waiting):
    with open_session(show.settings) as session:
        studies = session.scalars(select(Study)).all()
        hidden = {study.token: study.patient.sequestered or study.control for study in studies}
        assert any(study.patient.sequestered for study in studies)
    shown = [case.token for case in waiting["assisted"]]
    assert sorted(shown) == sorted({case.token for case in waiting["blind"] if not hidden[case.token]})
    assert any(hidden[case.token] for case in waiting["blind"])
    assert not any(sum(case.shown().values()) for case in waiting["blind"])


def test_an_assisted_reader_sees_the_champions_outlines(waiting, models, page_of):
    case = waiting["assisted"][0]
    page = page_of(case.project)
    with page.expect_response(lambda got: f"/api/tasks/{case.task}?" in got.url) as opened:
        page.goto(case.address)
    [prediction] = opened.value.json()["predictions"]
    assert prediction["model_version"] == models[0]
    assert prediction["result"]
    expect(page.locator(REGIONS).first).to_be_visible(timeout=60_000)
    assert page.locator(REGIONS).count() <= len(prediction["result"])


def test_a_blind_reader_sees_none(waiting, page_of):
    case = waiting["blind"][0]
    page = page_of(case.project)
    page.goto(case.address)
    expect(page.locator(".konvajs-content")).to_have_count(4, timeout=30_000)
    expect(page.locator(REGIONS)).to_have_count(0)
    assert not any(case.shown().values())


def test_a_submission_in_the_browser_becomes_a_reading_by_its_webhook(show, waiting, models, page_of):
    case = waiting["assisted"][0]
    page = page_of(case.project)
    page.goto(case.address)
    submit = page.get_by_test_id("bottombar-submit-button")
    with page.expect_response(lambda got: got.request.method == "POST" and "/annotations" in got.url) as submitted:
        submit.click(timeout=60_000)
    assert submitted.value.status == 201
    _soon(case.is_read)
    kept = [reading for reading in _readings(show) if reading["study"] == case.token]
    assert [(one["exposure"], one["shown_model"]) for one in kept] == [("assisted", models[0])] * 2


def _readings(show):
    with open_session(show.settings) as session:
        return [
            {"id": row.id, "study": row.image.study.token, "origin": row.origin, "regions": row.regions_sha256}
            | {"exposure": row.exposure, "shown_model": row.shown_model, "counts": row.superseded_by is None}
            for row in session.scalars(select(Reading).order_by(Reading.id))
        ]


def test_a_lost_webhook_is_made_up_for_and_repeats_change_nothing(show, waiting, box):
    case = waiting["blind"][0]
    drawn = to_results(
        [box(300, 120, 12, 9)], from_name=label_control("anterior"), to_name="anterior", rows=1024, columns=256
    )
    end([slot(show.settings, "ml_backend")])
    annotation = case.project.submit(case.task, drawn, seconds=5)
    show.command("up")
    assert not case.is_read()
    dispatch(show.settings, "reconcile")
    _soon(case.is_read)
    kept = _readings(show)
    assert [one["exposure"] for one in kept if one["study"] == case.token] == ["blind"] * 2
    [task] = [one for one in case.project.tasks_with_annotations() if one["id"] == case.task]
    [document] = [one for one in task["annotations"] if one["id"] == annotation]
    event = {"project": {"id": case.project.id}, "task": task, "annotation": document}
    for action in ("ANNOTATION_CREATED", "ANNOTATION_UPDATED"):
        read.receive_event(show.settings, event | {"action": action})
    read.reconcile(show.settings)
    assert _readings(show) == kept


def test_a_promotion_serves_without_a_restart_and_renews_what_nobody_has_begun(show, waiting, models, session_of):
    begun, untouched = waiting["assisted"][1:3]
    draft = {"result": [], "lead_time": 1}
    assert session_of(begun.project).post(f"/api/tasks/{begun.task}/drafts", json=draft).status_code == 201
    before, shown = show.pids(), begun.shown()
    second = show.summary["rounds"][1]["run"]["model"]
    forth = ("promote", second, "--reason", "an engineer looked at every case")
    changes = [forth, ("rollback",)] if models[1].endswith(second) else [("rollback",), forth]
    for change, version in zip(changes, reversed(models), strict=True):
        assert show.command("models", *change) == {"champion": version.removeprefix("scintiloop-")}
        assert _ask_backend(show, "/setup", {"project": "1.1"}) == {"model_version": version}
        _soon(lambda: set(untouched.shown()) == {version})  # noqa: B023 (waited for within the round)
    assert begun.shown() == shown
    assert set(shown) == {models[0]}
    assert show.pids() == before


@pytest.mark.parametrize("path", PAGES)
def test_a_page_for_engineers_loads_without_trouble(show, engineers_page, path):
    run = show.summary["rounds"][0]["run"]
    troubles = []
    engineers_page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    engineers_page.on("pageerror", lambda error: troubles.append(str(error)))
    engineers_page.on("response", lambda got: troubles.append(got.url) if got.status >= 400 else None)
    engineers_page.goto(show.settings.web_address + path.format(run=run["run"], first=run["model"]))
    engineers_page.wait_for_load_state("networkidle")
    expect(engineers_page.locator("h1").first).to_be_visible()
    assert troubles == []


def _family(show):
    heads = [psutil.Process(pid) for pid in show.pids().values() if pid]
    return [process for head in heads for process in (head, *head.children(recursive=True))]


def _ended(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _listens(show, port):
    try:
        requests.get(f"http://{show.settings.bind}:{port}", timeout=5)
    except requests.ConnectionError:
        return False
    return True


def _nothing_is_left(show, family):
    ports = (show.settings.web_port, show.settings.ml_backend_port, show.settings.label_studio_port)
    return all(map(_ended, family)) and not any(_listens(show, port) for port in ports)


def test_ctrl_c_ends_every_process_in_the_midst_of_a_training_too(show):
    run = show.command("retrain")["run"]
    _soon(lambda: show.command("runs", "show", run)["progress"])
    family = _family(show)
    show.process.send_signal(signal.SIGINT)
    assert show.process.wait(timeout=PATIENCE) == 0
    assert _nothing_is_left(show, family)


def test_the_same_demo_starts_again_with_the_same_summary(show, start_demo):
    again = start_demo("--studies", "12", "--no-serve")
    printed, _ = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0
    summary = json.loads(printed)
    assert {name: value for name, value in summary.items() if name != "site"} == {
        name: value for name, value in show.summary.items() if name != "site"
    }


def test_another_demo_takes_the_home_and_ctrl_c_before_its_end_is_said(show, start_demo):
    other = start_demo("--studies", "13")
    told = show.settings.home.with_name("demo.log")
    _soon(lambda: "starting label_studio" in told.read_text())
    assert show.command("runs") == {"runs": []}
    family = _family(show)
    other.send_signal(signal.SIGINT)
    assert other.wait(timeout=PATIENCE) == 130
    assert _nothing_is_left(show, family)
    assert "stopped before its end" in told.read_text().splitlines()[-1]
