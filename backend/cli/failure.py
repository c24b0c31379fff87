"""Whatever went wrong, as one sentence without patient data."""

import traceback
from pathlib import Path

from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from backend.errors import ScintiloopError

OURS = Path(__file__).parents[1]


def sentence(error: Exception) -> str:
    """What to tell the person at the terminal: the error's own words where they are meant for people."""
    if isinstance(error, ScintiloopError):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return _of_database(error)
    if isinstance(error, OSError) and error.strerror:
        at = ", ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
        return f"{at}: {error.strerror}; check the path, its rights and the disk" if at else error.strerror
    return f"{type(error).__name__} in {_place(error)}; this is a fault of Scintiloop, please report it"


def _of_database(error: SQLAlchemyError) -> str:
    # its full text holds the statement's values
    if isinstance(error, ArgumentError):
        return "the database address is no SQLAlchemy URL; mend SCINTILOOP_DATABASE_URL"
    words = str(error.orig).strip().splitlines() if isinstance(error, DBAPIError) else []
    return f"the database does not do its part: {words[0] if words else type(error).__name__}"


def _place(error: Exception) -> str:
    """The innermost line of ours that the error passed."""
    passed = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in passed if Path(frame.filename).is_relative_to(OURS)] or passed
    return f"{Path(ours[-1].filename).name}, line {ours[-1].lineno}"
