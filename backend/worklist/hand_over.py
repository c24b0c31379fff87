"""Readers who come, leave and return, and what they leave unread."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import InputError, NotFound, WrongState
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.readers import new_reader
from backend.store.session import open_session
from backend.store.tables import Assignment, Reader, now
from backend.worklist.work import work

LONGEST_NAME = 100


def find_reader(session: Session, name: str) -> Reader:
    """The reader of that name, held until the transaction ends.

    Raises:
        NotFound: no reader of that name; the message lists those there are.
    """
    reader = session.scalars(select(Reader).where(Reader.name == name).with_for_update()).first()
    if reader is None:
        names = ", ".join(session.scalars(select(Reader.name).order_by(Reader.number))) or "–"
        raise NotFound(say("no reader is called {name}; the readers are: {names}", name=repr(name), names=names))
    return reader


def add_reader(settings: Settings, name: str, by: str, *, expert: bool = False, share: float = 1.0) -> None:
    """Makes a reader known who draws in Labelme; those of Label Studio are named in the settings.

    Raises:
        InputError: the name is empty, too long, holds control characters or is taken; or the share is impossible.
    """
    _check_name(name)
    _check_share(share)
    with open_session(settings) as session:
        if session.scalar(select(Reader.id).where(Reader.name == name)) is not None:
            raise InputError(say("a reader is called {name} already", name=repr(name)), field="name")
        number = new_reader(session, name, expert=expert, share=share).number
        record(session, by, "add reader", reader=number, expert=expert, share=share)


def set_reader(
    settings: Settings, name: str, by: str, *, expert: bool | None = None, share: float | None = None
) -> None:
    """Changes what is given; studies assigned already stay where they are.

    Raises:
        NotFound: no reader of that name.
        InputError: the share is impossible, or there is nothing to change.
    """
    if expert is None and share is None:
        raise InputError(say("say what is to change: expertise, or the share of a full workload"))
    if share is not None:
        _check_share(share)
    with open_session(settings) as session:
        reader = find_reader(session, name)
        reader.expert = reader.expert if expert is None else expert
        reader.share = reader.share if share is None else share
        record(session, by, "set reader", reader=reader.number, expert=reader.expert, share=reader.share)


def unread_tasks(settings: Settings, name: str) -> bool:
    """Whether tasks in Label Studio are left that the reader has not read: who leaves may have begun one.

    Raises:
        NotFound: no reader of that name.
        WrongState: the reader has left.
    """
    with open_session(settings) as session:
        reader = find_reader(session, name)
        _check_active(reader)
        theirs = work(session, Assignment.reader_id == reader.id, Assignment.label_studio_task.is_not(None))
        return any(not one.is_begun for one in theirs)


def release(settings: Settings, name: str, begun_tasks: Collection[int], by: str) -> dict[str, int]:
    """The reader leaves: what is neither read nor begun comes off the worklist, hidden repeats too.

    Args:
        begun_tasks: Label Studio tasks that hold a draft or a submission.
        by: for the audit trail.

    Returns:
        `{"released", "begun"}`: assignments taken back; and those that stay, begun and not done.

    Raises:
        NotFound: no reader of that name.
        WrongState: the reader has left already.
    """
    with open_session(settings) as session:
        reader = find_reader(session, name)
        _check_active(reader)
        reader.left = left = now()
        unread = {one.assignment_id: one for one in work(session, Assignment.reader_id == reader.id) if not one.is_done}
        released = 0
        for assignment in session.scalars(select(Assignment).where(Assignment.reader_id == reader.id)):
            one = unread.get(assignment.id)
            if one and not one.is_begun and assignment.label_studio_task not in begun_tasks:
                assignment.released = left
                released += 1
        record(session, by, "reader leaves", reader=reader.number, released=released, begun=len(unread) - released)
        return {"released": released, "begun": len(unread) - released}


def come_back(settings: Settings, name: str, by: str) -> None:
    """The reader takes studies again.

    Raises:
        NotFound: no reader of that name.
        WrongState: the reader has not left.
    """
    with open_session(settings) as session:
        reader = find_reader(session, name)
        if reader.left is None:
            raise WrongState(say("{name} has not left", name=name))
        reader.left = None
        record(session, by, "reader returns", reader=reader.number)


def _check_active(reader: Reader) -> None:
    if reader.left is not None:
        raise WrongState(say("{name} has left already", name=reader.name))


def _check_name(name: str) -> None:
    if not name.strip() or name != name.strip():
        raise InputError(say("a reader needs a name, without spaces around it"), field="name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(
            say("a name has at most {longest} characters that can be printed", longest=LONGEST_NAME), field="name"
        )


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise InputError(say("a share is above 0 and at most 1, this is {share}", share=f"{share:g}"), field="share")
