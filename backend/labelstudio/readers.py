"""Readers as both sides know them: an account and a project in Label Studio, a row in our database."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.labelstudio.accounts import ReaderAccount, account_of
from backend.labelstudio.project import ReaderProject
from backend.labelstudio.setup import set_up_project
from backend.settings import Settings
from backend.store.readers import new_reader
from backend.store.session import open_session
from backend.store.tables import Reader


def set_up_readers(settings: Settings, names: Sequence[str], *, with_backend: bool = True) -> list[ReaderProject]:
    """Each reader's project ready to be worked in, and the reader's row with its Label Studio ids.

    Args:
        names: readers whose accounts exist; a reader known from Labelme files keeps row and number.
        with_backend: whether to register the ML backend and its webhook, which needs it to answer.

    Raises:
        NotFound: a reader has no account in Label Studio.
        ServiceError: Label Studio or the ML backend does not do its part.
    """
    projects = []
    for name in names:
        account = account_of(settings, name)
        project = set_up_project(settings, account, with_backend=with_backend)
        _keep(settings, account, project)
        projects.append(ReaderProject(settings, account, project))
    return projects


def _keep(settings: Settings, account: ReaderAccount, project: int) -> None:
    with open_session(settings) as session:
        reader = session.scalar(select(Reader).where(Reader.name == account.name))
        if reader is None:
            reader = new_reader(session, account.name)
        reader.label_studio_user = account.user
        reader.label_studio_project = project
