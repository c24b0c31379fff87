"""Two at once, and a process that dies: nothing is lost or done twice, on SQLite and on PostgreSQL."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from backend.errors import InHand, ScintiloopError, Stale
from backend.jobs.steps import adjudicate, agree
from backend.settings import Settings, load_settings
from backend.store.session import engine_for, open_session
from backend.store.tables import Adjudication, AdjudicationStep, Base, Reference

AT_ONCE = 6


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty home on either database."""
    if request.param == "sqlite":
        chosen = load_settings(home=tmp_path / "home")
    else:
        postgres = request.getfixturevalue("postgres")
        name = f"room_{abs(hash(tmp_path)):x}"
        with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as server:
            server.execute(text(f"CREATE DATABASE {name}"))
        url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
        chosen = load_settings(home=tmp_path / "home", database_url=url)
    Base.metadata.create_all(engine_for(chosen.database))
    return chosen


@pytest.fixture
def case(settings, two, add_study, add_reading, box):
    image = add_study("P1", projections=("anterior",))["anterior"]
    add_reading(two[0], image, box(100, 100, 9, 9), box(300, 100, 20, 20))
    add_reading(two[1], image)
    agree.settle(settings)
    return image


def together(*works):
    """What each gave or raised, begun at the same moment."""
    outcomes, gate = [], threading.Barrier(len(works))

    def run(work):
        gate.wait()
        try:
            outcomes.append(work())
        except ScintiloopError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def rows(settings, table):
    with open_session(settings) as session:
        return list(session.scalars(select(table).order_by(table.id)))


def test_of_two_physicians_who_open_a_case_one_gets_it(settings, case, physician, colleague):
    outcomes = together(
        *(lambda who=who: adjudicate.open_case_for(settings, "P1", who) for who in (physician, colleague))
    )
    assert sorted(isinstance(one, InHand) for one in outcomes) == [False, True]
    assert len(rows(settings, Adjudication)) == 1


def test_one_physician_in_two_windows_has_one_work(settings, case, physician):
    first, second = together(*[lambda: adjudicate.open_case_for(settings, "P1", physician)] * 2)
    assert first == second
    assert len(rows(settings, Adjudication)) == 1


def test_of_many_steps_from_one_revision_one_is_taken(settings, case, physician):
    adjudicate.open_case_for(settings, "P1", physician)
    texts = [f"comment {number}" for number in range(AT_ONCE)]

    def say(words):
        return adjudicate.act(settings, "P1", physician, {"revision": 0, "action": "comment", "text": words})

    outcomes = together(*(lambda words=words: say(words) for words in texts))
    assert sum(isinstance(one, Stale) for one in outcomes) == AT_ONCE - 1
    (step,) = rows(settings, AdjudicationStep)
    assert adjudicate.document(settings, "P1", physician)["comment"] == step.detail["text"]


def test_a_case_finished_twice_at_once_is_sealed_once(settings, case, physician):
    adjudicate.open_case_for(settings, "P1", physician)
    step = {"revision": 0, "action": "exclude", "projection": "anterior", "reason": "unreadable"}
    adjudicate.act(settings, "P1", physician, step)
    outcomes = together(*[lambda: adjudicate.finish(settings, "P1", physician, 1)] * 2)
    assert [one["state"] for one in outcomes if isinstance(one, dict)] == ["sealed"]
    assert len(rows(settings, Reference)) == 1


DIES = """
import os, signal, sys
from backend.jobs.steps import adjudicate
from backend.settings import load_settings
settings = load_settings(home=sys.argv[1], database_url=sys.argv[2] or None)
for revision in range(3):
    text = f"comment {revision}"
    adjudicate.act(settings, "P1", int(sys.argv[3]), {"revision": revision, "action": "comment", "text": text})
    print(revision, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_dies_between_steps_loses_none(settings, case, physician):
    adjudicate.open_case_for(settings, "P1", physician)
    command = [sys.executable, "-c", DIES, str(settings.home), settings.database_url or "", str(physician)]
    ended = subprocess.run(command, env=os.environ.copy(), capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    document = adjudicate.open_case_for(settings, "P1", physician)
    assert (document["revision"], document["comment"]) == (3, "comment 2")
