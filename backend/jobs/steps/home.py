"""How a home comes into being: its folder, its database, and the model that serves until there is a better one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import __version__
from backend.errors import InputError
from backend.model.day_one import day_one_digests, day_one_model
from backend.promotion import registry
from backend.settings import Settings
from backend.store import schema
from backend.store.audit import record
from backend.store.blobs import blobs_of
from backend.store.lock import one_at_a_time
from backend.store.session import open_session
from backend.store.tables import ModelVersion

if TYPE_CHECKING:
    from backend.model.weights import TrainedModel

BY = "scintiloop"
REASON = "the model that comes with Scintiloop, trained on simulated scans alone"

Announce = Callable[[str], None]


def make_ready(settings: Settings, announce: Announce = lambda _: None) -> None:
    """Makes the home where there is none and brings an older one up to date; changes nothing where all is done.

    Where a model comes along and the setting allows it, the home gets it as a model version, and as champion if no
    model ever was champion there. A model that is damaged is announced and left out.

    Raises:
        WrongState: the database is newer than this code.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    schema.prepare(settings)
    if settings.day_one:
        give_day_one_model(settings, announce)


def give_day_one_model(settings: Settings, announce: Announce = lambda _: None) -> None:
    """The part of `make_ready` that is about the model; the database is there already."""
    if _has_it(settings):
        return
    with one_at_a_time(settings, "day-one", wait=True):
        serves = None if _has_it(settings) else _give(settings, announce)
    if serves:
        announce(f"model {serves} serves: {REASON}")


def _give(settings: Settings, announce: Announce) -> str | None:
    """Returns the id of the model where it serves by this."""
    try:
        trained = day_one_model()
    except InputError as error:
        announce(f"the model that comes with Scintiloop is left out: {error}")
        return None
    if trained is None:
        return None
    with open_session(settings) as session:
        return _take_in(session, settings, trained)


def _take_in(session: Session, settings: Settings, trained: "TrainedModel") -> str | None:
    """Stores it, and promotes it where nothing was ever promoted; returns its id where it serves by this."""
    model = registry.store_model(session, blobs_of(settings), trained, None, None, __version__)
    if registry.history(session):
        record(session, BY, "model.received", model=model.id, reason=REASON)
        return None
    registry.promote(session, model.id, None, BY, "automatic", REASON)
    return model.id


def _has_it(settings: Settings) -> bool:
    """Whether a model that comes along is among the home's versions, or none comes along."""
    digests = day_one_digests()
    if not digests:
        return True
    with open_session(settings) as session:
        chosen = select(ModelVersion.id).where(ModelVersion.weights_sha256.in_(digests)).limit(1)
        return session.scalar(chosen) is not None
