"""The migrations make exactly the tables that the code uses, and say so when they cannot."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from backend.errors import WrongState
from backend.settings import Settings, load_settings
from backend.store import schema
from backend.store.session import engine_for
from backend.store.tables import Base


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


@pytest.fixture
def engine(empty: Settings) -> Engine:
    return engine_for(empty.database)


def test_migrated_database_has_exactly_the_tables_of_the_code(empty: Settings, engine: Engine) -> None:
    schema.prepare(empty)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_preparing_again_changes_nothing(empty: Settings, engine: Engine) -> None:
    schema.prepare(empty)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO patients (pseudonym, sequestered) VALUES ('p', false)"))
    schema.prepare(empty)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM patients")).scalar() == 1


def test_database_newer_than_the_code_is_refused_by_name(empty: Settings, engine: Engine) -> None:
    schema.prepare(empty)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongState, match="9999"):
        schema.prepare(empty)


def test_failed_migration_leaves_nothing_behind(
    empty: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("alembic.op.create_index", fail)
    monkeypatch.setattr("alembic.operations.BatchOperations.create_index", fail)
    with pytest.raises(RuntimeError):
        schema.prepare(empty)
    assert inspect(engine).get_table_names() == []


def test_what_an_older_database_holds_is_still_there_after_migrating(empty: Settings, engine: Engine) -> None:
    _prepare_at(engine, "0001")
    with engine.begin() as connection:
        for statement in OLDER_ROWS:
            connection.execute(text(statement))
    schema.prepare(empty)
    with engine.connect() as connection:
        assignment = connection.execute(text("SELECT * FROM assignments")).mappings().one()
        account = connection.execute(text("SELECT * FROM accounts")).mappings().one()
        foreign_keys = connection.execute(text("PRAGMA foreign_keys")).scalar()
    assert (assignment["reader_id"], assignment["purpose"], assignment["released"]) == (1, "reading", None)
    assert (account["email"], account["active"], account["reader_id"]) == ("a@b", 1, None)
    assert foreign_keys == 1


OLDER_ROWS = (
    "INSERT INTO patients (id, pseudonym, sequestered) VALUES (1, 'p', 0)",
    "INSERT INTO studies (id, patient_id, identifier, token, created) VALUES (1, 1, 's', 't', '2026-01-01')",
    "INSERT INTO readers (id, name, number) VALUES (1, 'r', 1)",
    "INSERT INTO assignments (id, reader_id, study_id, exposure, created) VALUES (1, 1, 1, 'blind', '2026-01-01')",
    "INSERT INTO accounts (id, email, role, password_hash, generated) VALUES (1, 'a@b', 'engineer', 'x', 0)",
)


def _prepare_at(engine: Engine, revision: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(schema.MIGRATIONS))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
