"""Brings the database to the schema of this code, by the migrations beside this file."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from backend.errors import WrongState
from backend.settings import Settings
from backend.store.session import engine_for

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 8_470_001
"""PostgreSQL's advisory lock for migrating; SQLite is locked by its write transaction."""


def prepare(settings: Settings) -> None:
    """Migrates the database where it is older than this code; changes nothing where it is current.

    Raises:
        WrongState: the database is newer than this code.
    """
    with _schema_changes(engine_for(settings.database)) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        present = _present(connection)
        if present == head():
            return
        if present is not None and present not in _revisions():
            raise WrongState(
                f"the database has schema {present}, newer than {head()} of this version; install the newer Scintiloop"
            )
        _migrate(connection)


@contextmanager
def _schema_changes(engine: Engine) -> Iterator[Connection]:
    """One transaction; SQLite changes a table by making it anew, and meanwhile nothing may be seen to point nowhere."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # has no effect once a transaction has begun, so SQLAlchemy must not begin one for it
            _on_driver(connection, "PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise WrongState("a migration would leave rows that point nowhere; nothing was changed")
        finally:
            if sqlite:
                _on_driver(connection, "PRAGMA foreign_keys=ON")


def _on_driver(connection: Connection, statement: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a connection that is open has one)
    driver.execute(statement)


def head() -> str:
    """The newest migration; migrations are numbered in order and their files named `<number>_<what>.py`."""
    return _revisions()[-1]


@cache
def _revisions() -> tuple[str, ...]:
    return tuple(sorted(file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def _present(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _migrate(connection: Connection) -> None:
    # 150 ms that a command on a current database should not pay
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")
