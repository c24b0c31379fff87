"""A new home begins with the model that comes with Scintiloop: once, in writing, where nothing served before."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.jobs.steps.home import REASON, make_ready
from backend.jobs.steps.promote import rollback
from backend.jobs.steps.versions import champions, model_versions
from backend.model import day_one
from backend.model.weights import TrainedModel
from backend.promotion import registry
from backend.records import Verdict
from backend.settings import Settings, load_settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import AuditEntry


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home that nobody has opened yet, without services."""
    return load_settings(home=tmp_path / "home", broker_url="redis://127.0.0.1:1/0")


def _audited(settings: Settings) -> list[tuple[str, str]]:
    with open_session(settings) as session:
        return [(one.who, one.action) for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def _keep(settings: Settings, trained: TrainedModel) -> str:
    """As the runs of an earlier release did."""
    with open_session(settings) as session:
        return registry.store_model(session, blobs_of(settings), trained, None, None, "0.1.0").id


def test_a_new_home_serves_it(home: Settings, comes_along: Path) -> None:
    said: list[str] = []
    make_ready(home, said.append)
    [model] = model_versions(home)
    [change] = champions(home)
    assert (model["champion"], model["start"], model["dataset"], model["run"]) == (True, "pretrain", None, None)
    assert (change["model"], change["action"], change["by"]) == (model["model"], "promote", "scintiloop")
    assert change["reason"] == REASON == "the model that comes with Scintiloop, trained on simulated scans alone"
    assert said == [f"model {model['model']} serves: {REASON}"]
    assert _audited(home) == [("scintiloop", "model.promote")]
    with open_session(home) as session:
        stored = registry.find_model(session, model["model"])
    assert blobs_of(home).get(stored.weights_sha256) == comes_along.read_bytes()


def test_opening_the_home_again_changes_nothing(home: Settings, comes_along: Path) -> None:
    make_ready(home)
    before, said = _audited(home), list[str]()
    make_ready(home, said.append)
    assert (_audited(home), said) == (before, [])
    assert len(model_versions(home)) == len(champions(home)) == 1


def test_a_rollback_to_none_stays(home: Settings, comes_along: Path) -> None:
    make_ready(home)
    assert rollback(home, by="engineer") is None
    make_ready(home)
    assert [one["champion"] for one in model_versions(home)] == [False]


def test_a_home_that_does_not_want_it_goes_without(home: Settings, comes_along: Path) -> None:
    make_ready(home.model_copy(update={"day_one": False}))
    assert model_versions(home) == champions(home) == []


def test_a_home_without_one_to_come_along_is_made_all_the_same(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_one, "FOLDER", tmp_path / "nowhere")
    make_ready(home)
    assert model_versions(home) == []


def test_a_damaged_one_is_said_and_the_home_opens_all_the_same(home: Settings, comes_along: Path) -> None:
    comes_along.write_bytes(comes_along.read_bytes()[:1000])
    said: list[str] = []
    make_ready(home, said.append)
    [sentence] = said
    assert comes_along.name in sentence
    assert "is left out" in sentence
    assert "install Scintiloop again" in sentence
    assert model_versions(home) == []


def test_an_older_home_in_which_nothing_ever_served_serves_it(
    home: Settings, comes_along: Path, another_model: TrainedModel
) -> None:
    make_ready(home.model_copy(update={"day_one": False}))
    _keep(home, another_model)
    make_ready(home)
    assert [one["start"] for one in model_versions(home) if one["champion"]] == ["pretrain"]


@pytest.mark.parametrize("taken_back", [False, True])
def test_an_older_home_in_which_something_served_gets_it_as_a_version_alone(
    taken_back: bool, home: Settings, comes_along: Path, another_model: TrainedModel
) -> None:
    make_ready(home.model_copy(update={"day_one": False}))
    trained = _keep(home, another_model)
    with open_session(home) as session:
        registry.promote(session, trained, None, "engineer", "engineer")
    if taken_back:
        rollback(home, by="engineer")
    said: list[str] = []
    make_ready(home, said.append)
    make_ready(home, said.append)
    assert said == []
    assert {one["start"]: one["champion"] for one in model_versions(home)} == {
        "scratch": not taken_back,
        "pretrain": False,
    }
    assert _audited(home)[-1] == ("scintiloop", "model.received")


def test_a_rollback_from_the_first_trained_model_goes_back_to_it(
    home: Settings, comes_along: Path, another_model: TrainedModel
) -> None:
    make_ready(home)
    [first] = model_versions(home)
    trained = _keep(home, another_model)
    with open_session(home) as session:
        registry.promote(session, trained, Verdict("promote", "It is better."), "engineer", "engineer")
    assert rollback(home, by="engineer") == first["model"]


OPEN = """
import sys
from pathlib import Path
from backend.jobs.steps.home import make_ready
from backend.model import day_one
from backend.settings import load_settings
day_one.FOLDER = Path(sys.argv[2])
make_ready(load_settings(home=sys.argv[1]))
"""


@pytest.mark.timeout(120)
def test_two_processes_that_open_a_new_home_at_once_give_it_once(home: Settings, comes_along: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(home.home), str(comes_along.parent)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(model_versions(home)) == len(champions(home)) == 1
    assert _audited(home) == [("scintiloop", "model.promote")]
