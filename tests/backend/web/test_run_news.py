"""What engineers read of new references and of runs that start by themselves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.jobs.steps import agree
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Reference, Study, now
from backend.web.app import create_app
from backend.web.run_news import asked_by, news


@pytest.fixture
def two_references(
    settings: Settings, add_study: Callable[..., Any], add_reader: Any, add_reading: Any, box: Callable[..., Any]
) -> Settings:
    readers = [add_reader("first", 1), add_reader("second", 2)]
    for token, site in (("s1", "north"), ("s2", None)):
        image = add_study(token, projections=("anterior",))["anterior"]
        with open_session(settings) as session:
            session.query(Study).filter_by(token=token).one().site = site
        for reader in readers:
            add_reading(reader, image, box(200, 100, 20, 12), box(600, 118, 30, 20, "bladder"))
    agree.settle(settings)
    return settings


def told(settings: Settings, **rules: float) -> dict[str, Any]:
    chosen = settings.model_copy(update=rules)
    with create_app(chosen).test_request_context():
        return news(chosen)


def test_what_is_new_is_told_on_its_own_part_of_the_page(
    two_references: Settings, log_in: Callable[[str], Any]
) -> None:
    engineer = log_in("engineer")
    assert 'hx-get="/runs/news"' in engineer.get("/runs").text
    words = " ".join(engineer.get("/runs/news").text.split())
    assert "2 new references of 2 patients, 2 lesions. 2 hold a metastasis, 2 a bladder." in words
    assert "By site: no site named 1, north 1" in words
    assert "Runs start by hand only." in words


def test_without_references_nothing_is_new(settings: Settings) -> None:
    assert told(settings)["new"]["references"] == 0
    assert told(settings, retrain_after_references=5)["next"] == "The next run by itself waits for new references."


def test_the_next_run_by_itself_is_told_with_its_time_and_its_rule(two_references: Settings) -> None:
    found = told(two_references, retrain_after_references=2, retrain_quiet_minutes=30)
    assert found["next"].startswith("The next run by itself starts at ")
    assert found["rules"] == ["After 2 new references and 30 quiet minutes: 2 have come since the last run."]
    with open_session(two_references) as session:
        for row in session.query(Reference):
            row.created = now() - timedelta(hours=1)
    found = told(two_references, retrain_after_references=2, retrain_every_days=7)
    assert found["next"] == "A run by itself is due and starts within a minute."
    assert found["rules"][1] == "When the last run is 7 days old and a reference is new."


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("by schedule", "by schedule"),
        ("after 20 new references", "after 20 new references"),
        ("after 1 new references", "after 1 new reference"),
        ("engineer@hospital", "by engineer@hospital"),
    ],
)
def test_who_or_which_rule_asked_is_told(settings: Settings, who: str, words: str) -> None:
    with create_app(settings).test_request_context():
        assert asked_by(who) == words
