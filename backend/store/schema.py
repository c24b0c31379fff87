"""Brings the database to the schema of this code."""

from backend.settings import Settings
from backend.store.session import engine_for
from backend.store.tables import Base


def prepare(settings: Settings) -> None:
    """Creates what is missing; changes nothing where the schema is current."""
    Base.metadata.create_all(engine_for(settings.database))
