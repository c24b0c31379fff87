"""What a run may start from: looked at when it is asked for, and fixed by its hash for all attempts of the run.

Weights from outside are copied into the home, so that they neither change nor vanish before the worker comes to them,
and so that no path is kept: it may name a patient. Loads no network.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from backend.errors import InputError, NotFound
from backend.model.card import card_inside
from backend.model.day_one import day_one_names
from backend.model.packaged import packaged_names, packaged_weights
from backend.promotion.registry import champion
from backend.promotion.whole import weights_of
from backend.sentences import say
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import ModelVersion

SCRATCH, DAY_ONE, CHAMPION, FILE = "scratch", "day-one", "champion", "file"
PACKAGE = "package:"
"""Before the name under which an installed package offers a model."""
STARTS = (CHAMPION, SCRATCH, DAY_ONE)
"""Besides these a run may start from a model version, a package's model or, on the command line, a file."""


def encoder_of(model: ModelVersion) -> str:
    return str(model.card.get("architecture", {}).get("encoder"))


def start_model(session: Session, start: str | None) -> ModelVersion | None:
    """The model version that `start` names, the champion's for `champion`; None for another start."""
    if start == CHAMPION:
        return champion(session)
    return session.get(ModelVersion, start) if start else None


def start_encoders(settings: Settings, start: str | None) -> tuple[str, ...]:
    """The encoders that a run from there can have; empty for any.

    Raises:
        InputError: a file or a package's model cannot be used; says what it is.
        NotFound: there is no champion, or no model comes along.
    """
    if start is None or start == SCRATCH:
        return ()
    if start == DAY_ONE:
        if names := day_one_names():
            return names
        raise NotFound(say("no day-one model comes with this installation; start from scratch"))
    with open_session(settings) as session:
        model = start_model(session, start)
    if model:
        return (encoder_of(model),)
    if start == CHAMPION:
        raise NotFound(say("there is no champion to start from; start from scratch"))
    architecture = card_inside(_from_outside(start)).get("architecture")
    if not isinstance(architecture, dict) or "encoder" not in architecture:
        raise InputError(say("the card inside names no architecture; it is not a Scintiloop model"), field="start")
    return (str(architecture["encoder"]),)


def fixed(settings: Settings, start: str) -> dict[str, str]:
    """The options of a run from there: `start`, and `start_weights`, the hash of weights that came from outside.

    Raises:
        InputError, NotFound: as for `start_encoders`; or the model version is not what was stored.
    """
    if start in (SCRATCH, DAY_ONE):
        return {"start": start}
    with open_session(settings) as session:
        model = start_model(session, start)
    if model:
        weights_of(blobs_of(settings), model)
        return {"start": model.id}
    sha256 = blobs_of(settings).put(_from_outside(start))
    return {"start": start if start.startswith(PACKAGE) else FILE, "start_weights": sha256}


def offered(settings: Settings) -> set[str]:
    """The starts that may be asked for by page: words, model versions and packages; a page never opens a named file."""
    with open_session(settings) as session:
        models = session.query(ModelVersion.id).all()
    return {*STARTS, *(model for (model,) in models), *(PACKAGE + name for name in packaged_names())}


def _from_outside(start: str) -> bytes:
    if start.startswith(PACKAGE):
        return packaged_weights(start.removeprefix(PACKAGE))
    path = Path(start)
    try:
        content = path.read_bytes()
    except OSError:
        problem = say(
            "is {start!r}, neither {words}, a package's model ({package}NAME), a model version nor a file",
            start=start,
            words=", ".join(STARTS),
            package=PACKAGE,
        )
        raise InputError(problem, field="start") from None
    try:
        card_inside(content)
    except InputError as error:
        raise InputError(error.message, source=path.name) from None
    return content
