"""The loop's bookkeeping gives the same result on PostgreSQL as on SQLite, from scan files to a dataset version."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from backend.datasets.freeze import freeze
from backend.jobs.steps import compare, read
from backend.jobs.steps.ingest import ingest
from backend.jobs.steps.publish import assign_all
from backend.jobs.steps.simulate import write_phantom
from backend.phantom.cohort import cohort
from backend.phantom.preset import BENCHMARK
from backend.scans.register import study_token
from backend.services.rehearsal import Cast, adjudicate
from backend.settings import Settings, load_settings
from backend.store import schema
from backend.store.secrets import write_secret
from backend.store.session import engine_for
from backend.store.tables import Base

pytestmark = pytest.mark.services

STUDIES, SEED = 5, 3
READERS = ("reader 1", "reader 2")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "scans"
    write_phantom(folder, BENCHMARK.name, STUDIES, SEED, readers=2)
    return folder


@pytest.fixture
def homes(tmp_path: Path, postgres: str) -> list[Settings]:
    """Two homes with one key: on SQLite, and on an empty database in PostgreSQL."""
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as server:
        server.execute(text("CREATE DATABASE loop"))
    url = make_url(postgres).set(database="loop").render_as_string(hide_password=False)
    made = [load_settings(home=tmp_path / "sqlite"), load_settings(home=tmp_path / "postgresql", database_url=url)]
    for settings in made:
        schema.prepare(settings)
        write_secret(settings, "test_key", "a key of the tests")
    return made


def go_around(settings: Settings, scans: Path) -> dict[str, Any]:
    """Ingest, worklists, two readers' files (one in Labelme, one in Label Studio), adjudication, a dataset version."""
    done: dict[str, Any] = {"ingested": ingest(settings, [], scans / "studies.csv")}
    done["ingested again"] = ingest(settings, [], scans / "studies.csv")
    done["assigned"] = assign_all(settings)
    drawn = ("reader-1/labelme", "reader-2/label-studio.json")
    for reader, place in zip(READERS, drawn, strict=True):
        done[reader] = read.import_readings(settings, [scans / "readers" / place], reader)
        done[f"{reader} again"] = read.import_readings(settings, [scans / "readers" / place], reader)
    done["agreement"] = compare.agreement(settings)
    phantoms = {study_token(settings, one.visit): one for one in cohort(BENCHMARK, STUDIES, SEED)}
    done["adjudicated"] = adjudicate(Cast(settings, phantoms, SEED, *READERS))
    done["settled"] = compare.agreement(settings, exposure=True)
    done["dataset"] = freeze(settings).to_json()
    done["dataset again"] = freeze(settings).id
    return done


def test_both_databases_come_to_the_same_result(homes: list[Settings], scans: Path) -> None:
    on_sqlite, on_postgresql = (go_around(settings, scans) for settings in homes)
    assert on_postgresql == on_sqlite
    assert on_sqlite["ingested"]["errors"] == []
    assert len(on_sqlite["ingested"]["studies"]) == STUDIES
    assert [on_sqlite[reader]["errors"] for reader in READERS] == [[], []]
    assert [on_sqlite[reader]["new"] for reader in READERS] == [2 * STUDIES] * 2
    assert on_sqlite["adjudicated"] > 0
    assert len(on_sqlite["dataset"]["members"]) == 2 * STUDIES
    with engine_for(homes[1].database).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
