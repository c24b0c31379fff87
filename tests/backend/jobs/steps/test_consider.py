"""A run starts by itself when it is time, once, and says which rule started it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from backend.jobs import runs
from backend.jobs.steps import agree, consider, start
from backend.jobs.steps.news import whats_new
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import (
    AuditEntry,
    ChampionChange,
    DatasetVersion,
    ModelVersion,
    Patient,
    Reference,
    Run,
    Study,
    now,
)

pytestmark = pytest.mark.services

Read = Callable[..., None]


@pytest.fixture
def read(
    settings: Settings, add_study: Callable[..., Any], add_reader: Any, add_reading: Any, box: Callable[..., Any]
) -> Read:
    """`read(token, lesions, sequestered=…, site=…)`: a study of one projection that two readers agree on."""
    readers = [add_reader("first", 1), add_reader("second", 2)]

    def add(token: str, lesions: int, *, sequestered: bool = False, site: str | None = None) -> None:
        image = add_study(token, sequestered=sequestered, projections=("anterior",))["anterior"]
        with open_session(settings) as session:
            session.query(Study).filter_by(token=token).one().site = site
        drawn = [box(600, 118, 30, 20, "bladder"), *(box(100 + 60 * number, 100, 20, 12) for number in range(lesions))]
        for reader in readers:
            add_reading(reader, image, *drawn)
        agree.settle(settings)

    return add


def set_back(settings: Settings, table: type[Any], **ages: float) -> None:
    """Makes every row of a table as old as that."""
    with open_session(settings) as session:
        for row in session.query(table):
            row.created = now() - timedelta(**ages)


def test_nothing_starts_by_itself_unless_it_is_set(broker_settings: Settings, read: Read) -> None:
    read("s1", 2)
    set_back(broker_settings, Reference, days=9)
    assert consider.consider_training(broker_settings) is None
    assert consider.automatic(broker_settings)["awaits"] == "somebody"


def test_a_run_starts_after_enough_references_and_a_pause_and_only_once(broker_settings: Settings, read: Read) -> None:
    settings = broker_settings.model_copy(update={"retrain_after_references": 3})
    read("s1", 2)
    read("s2", 2)
    read("s0", 1, sequestered=True)
    set_back(settings, Reference, hours=2)
    assert consider.consider_training(settings) is None, "what only tests does not count"
    read("s3", 1)
    assert consider.consider_training(settings) is None, "another may come in a moment"
    planned = consider.automatic(settings)
    assert (planned["reason"], planned["references"], planned["awaits"]) == ("references", 3, None)
    set_back(settings, Reference, hours=1)
    with ThreadPoolExecutor(4) as pool:
        started = [one for one in pool.map(lambda _: consider.consider_training(settings), range(4)) if one]
    [run_id] = started
    assert runs.find(settings, run_id).requested_by == "after 3 new references"
    assert consider.consider_training(settings) is None, "one is queued"
    runs.cancel(settings, run_id, "engineer")
    assert consider.consider_training(settings) is None, "it was given these references, whatever became of it"
    assert consider.automatic(settings)["awaits"] == "reference"


def test_a_run_by_schedule_waits_for_a_new_reference(broker_settings: Settings, read: Read) -> None:
    settings = broker_settings.model_copy(update={"retrain_every_days": 7})
    for token in ("s1", "s2"):
        read(token, 1)
    first = start.start_training(settings, "engineer")
    runs.cancel(settings, first, "engineer")
    for table in (Reference, Run, DatasetVersion):
        set_back(settings, table, days=8)
    assert consider.consider_training(settings) is None, "the same data give the same model"
    read("s3", 1)
    second = consider.consider_training(settings)
    assert second is not None
    assert runs.find(settings, second).requested_by == "by schedule"
    assert len(runs.find(settings, second).dataset_id) == 64
    assert runs.find(settings, second).dataset_id != runs.find(settings, first).dataset_id


def test_a_run_that_cannot_be_is_told_as_one_that_failed_and_not_tried_again(
    broker_settings: Settings, read: Read
) -> None:
    settings = broker_settings.model_copy(update={"retrain_after_references": 2, "retrain_quiet_minutes": 0})
    for token in ("s1", "s2"):
        read(token, 0)
    run_id = consider.consider_training(settings)
    assert run_id is not None
    shown = runs.show(runs.find(settings, run_id))
    assert (shown["state"], shown["attempts"]) == ("failed", 0)
    assert "holds a metastasis" in shown["reason"]
    assert consider.consider_training(settings) is None


def test_what_is_new_is_counted_without_opening_what_is_sequestered(
    broker_settings: Settings, read: Read, audited: Callable[[], int]
) -> None:
    settings = broker_settings
    read("s1", 2, site="north")
    read("s2", 0, site="north")
    read("s3", 1)
    read("s4", 3, sequestered=True, site="secret place")
    found = whats_new(settings)
    assert found == {
        "champions_dataset": None,
        "frozen": None,
        "references": 3,
        "patients": 3,
        "studies": 3,
        "lesions": 3,
        "labels": {"metastasis": 2, "bladder": 3},
        "sites": {"": 1, "north": 2},
        "sequestered": 1,
    }
    assert audited() == 0


def test_a_champion_leaves_what_came_after_its_dataset_version(broker_settings: Settings, read: Read) -> None:
    settings = broker_settings
    read("s1", 2)
    set_back(settings, Reference, hours=1)
    with open_session(settings) as session:
        session.add(DatasetVersion(id="d" * 64, manifest={"members": []}, created=now() - timedelta(minutes=5)))
        session.add(ModelVersion(id="a" * 12, weights_sha256="0" * 64, card={}, code_version="1", dataset_id="d" * 64))
        session.flush()
        session.add(ChampionChange(model_id="a" * 12, action="promote", by="scintiloop"))
    assert whats_new(settings)["references"] == 0
    read("s2", 1)
    found = whats_new(settings)
    assert (found["references"], found["lesions"], found["champions_dataset"]) == (1, 1, "d" * 64)


@pytest.fixture
def audited(settings: Settings) -> Callable[[], int]:
    """How many reads of sequestered references are in the audit."""

    def count() -> int:
        with open_session(settings) as session:
            assert session.query(Patient).filter_by(sequestered=True).count() == 1
            return session.query(AuditEntry).filter_by(action="sequestered references read").count()

    return count
