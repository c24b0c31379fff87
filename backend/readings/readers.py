"""Whose reading it is."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import NotFound, ReadingError
from backend.store.tables import Reader


def reader_named(session: Session, name: str) -> Reader:
    """Raises: NotFound: no reader of that name; the message lists those there are."""
    reader = session.scalars(select(Reader).where(Reader.name == name)).first()
    if reader is None:
        names = ", ".join(session.scalars(select(Reader.name).order_by(Reader.number))) or "none yet"
        raise NotFound(f"no reader is called {name!r}; the readers are: {names}")
    return reader


def reader_of_project(session: Session, project: object, source: str) -> Reader:
    """Raises: ReadingError: the Label Studio project is no reader's."""
    reader = None
    if isinstance(project, int):
        reader = session.scalars(select(Reader).where(Reader.label_studio_project == project)).first()
    if reader is None:
        message = f"Label Studio project {project!r} belongs to no reader of this home; send its webhook elsewhere"
        raise ReadingError(message, source=source, field="project.id")
    return reader


class ReaderLookup:
    """Tells the readers of one Label Studio document apart by `completed_by`, or takes the named one.

    Users are numbered by the server they work on. A document of this home's own projects is believed before the
    importer is; of any other, the importer's word goes first.

    Args:
        users: every `completed_by` of the document.
        projects: every project number in it.
        named: the reader that the importer names, if any.
    """

    def __init__(
        self, session: Session, users: Iterable[int | None], projects: Iterable[int], named: str | None
    ) -> None:
        self._named = reader_named(session, named) if named else None
        known = list(session.scalars(select(Reader).where(Reader.label_studio_user.is_not(None))))
        ours = not {reader.label_studio_project for reader in known}.isdisjoint(projects)
        believed = ours or self._named is None
        self._by_user = {reader.label_studio_user: reader for reader in known} if believed else {}
        self._strangers = set(users) - self._by_user.keys()

    def find(self, user: int | None, source: str, field: str) -> Reader:
        """Whose annotation it is.

        Raises:
            ReadingError: nobody's, another reader's than the named one, or unclear whose.
        """
        known = self._by_user.get(user)
        if known is not None and self._named is not None and known.id != self._named.id:
            message = f"user {user} is {known.name!r}, not {self._named.name!r}; name the right reader or none"
            raise ReadingError(message, source=source, field=field)
        if known is not None:
            return known
        if self._named is None:
            message = f"user {user} is no reader of this home; name the reader whose export this is"
            raise ReadingError(message, source=source, field=field)
        if len(self._strangers) > 1:
            users = ", ".join(sorted(map(str, self._strangers)))
            message = f"the export holds several unknown users ({users}); export {self._named.name!r}'s work alone"
            raise ReadingError(message, source=source, field=field)
        return self._named


def projects_in(document: object) -> set[int]:
    """The project numbers that the tasks of a Label Studio document carry."""
    tasks = document if isinstance(document, list) else [document]
    numbers = [task.get("project") for task in tasks if isinstance(task, dict)]
    return {number for number in numbers if isinstance(number, int)}
