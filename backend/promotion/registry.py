"""Model versions and the champion among them: an alias with a history that only grows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.errors import InputError, NotFound, NotPromotable, Refused, WrongState
from backend.records import Verdict
from backend.store.audit import record
from backend.store.blobs import BlobStore
from backend.store.tables import ChampionChange, ModelVersion

if TYPE_CHECKING:
    from backend.model.weights import TrainedModel

ID_LENGTH = 12
Role = Literal["administrator", "engineer", "physician", "automatic"]


def store_model(
    session: Session, blobs: BlobStore, trained: "TrainedModel", run: str | None, dataset: str | None, code_version: str
) -> ModelVersion:
    """Keeps a trained model under the hash of its weights; the same weights again are the same version.

    Args:
        run, dataset: ids of the run and of the dataset version that it came from, None for a model from outside.
    """
    sha256 = blobs.put(trained.weights)
    known = session.get(ModelVersion, sha256[:ID_LENGTH])
    if known:
        return known
    model = ModelVersion(
        id=sha256[:ID_LENGTH],
        weights_sha256=sha256,
        card=trained.card,
        run_id=run,
        dataset_id=dataset,
        code_version=code_version,
    )
    session.add(model)
    session.flush()
    return model


def find_model(session: Session, model_id: str) -> ModelVersion:
    """Raises: NotFound: no model version of that id."""
    model = session.get(ModelVersion, model_id)
    if model is None:
        raise NotFound(f"there is no model version {model_id!r}; `scintiloop models` lists them")
    return model


def champion(session: Session) -> ModelVersion | None:
    """The model version that serves; None while there is none."""
    newest = _newest(session)
    return session.get(ModelVersion, newest.model_id) if newest and newest.model_id else None


def history(session: Session) -> list[ChampionChange]:
    """Every change of champion, oldest first."""
    return list(session.scalars(select(ChampionChange).order_by(ChampionChange.id)))


def promote(
    session: Session, model_id: str, verdict: Verdict | None, by: str, role: Role, reason: str | None = None
) -> ModelVersion:
    """Makes a model version the champion.

    Args:
        verdict: the gate's, against the present champion; None where it was never judged.
        by: who asks, a name without a patient; role: theirs.
        reason: in writing, needed where the verdict is `hold`.

    Raises:
        NotFound: no such model version.
        WrongState: it is the champion already.
        NotPromotable: the verdict forbids it, or `hold` without the engineer's role and a reason.
        Refused: it was trained on closed data; or the role may not promote.
    """
    model = find_model(session, model_id)
    present = champion(session)
    if present and present.id == model.id:
        raise WrongState(f"model version {model.id} is the champion already")
    _must_be_promotable(model, verdict if present else None, _Asked(role, reason, bool(present)))
    _change(session, "promote", model, by, reason)
    return model


def rollback(session: Session, by: str, reason: str | None = None) -> ModelVersion | None:
    """Takes the newest standing promotion back; returns the champion from before it, None where there was none.

    Raises:
        WrongState: no promotion stands.
    """
    standing: list[str | None] = [None]
    for change in history(session):
        if change.action == "promote":
            standing.append(change.model_id)
        else:
            standing.pop()
    if len(standing) == 1:
        raise WrongState("there is no promotion to take back")
    before = standing[-2]
    model = find_model(session, before) if before else None
    _change(session, "rollback", model, by, reason)
    return model


@dataclass(frozen=True)
class _Asked:
    role: Role
    reason: str | None
    has_champion: bool


def _must_be_promotable(model: ModelVersion, verdict: Verdict | None, asked: _Asked) -> None:
    if model.card.get("closed_data"):
        raise Refused(f"model version {model.id} was trained on closed data and may never serve")
    if asked.role not in get_args(Role) or asked.role == "physician":
        raise Refused(f"the role {asked.role!r} may not promote; ask an engineer")
    if not asked.has_champion:
        return
    if verdict is None:
        raise NotPromotable(f"model version {model.id} was not judged against the champion; evaluate it first")
    if verdict.name == "reject":
        raise NotPromotable(f"the gate rejects model version {model.id}: {verdict.reason}")
    if verdict.name == "hold" and (asked.role != "engineer" or not (asked.reason or "").strip()):
        raise NotPromotable(
            f"the gate holds model version {model.id}: {verdict.reason} "
            "Promoting it needs the engineer's role and a written reason."
        )


def _change(session: Session, action: str, model: ModelVersion | None, by: str, reason: str | None) -> None:
    if not by:
        raise InputError("who asks for the change of champion must be named", field="by")
    model_id = model.id if model else None
    session.add(ChampionChange(model_id=model_id, action=action, by=by, reason=reason))
    session.flush()
    record(session, by, f"model.{action}", model=model_id, reason=reason)


def _newest(session: Session) -> ChampionChange | None:
    return session.scalars(select(ChampionChange).order_by(ChampionChange.id.desc()).limit(1)).first()
