"""Challenger → champion through the gate, and one step back; the next pre-annotations follow by themselves."""

from backend.errors import ServiceError
from backend.jobs.dispatch import dispatch
from backend.jobs.steps.verdict import compare, standing_verdict
from backend.promotion import registry
from backend.promotion.registry import Role
from backend.promotion.whole import weights_of
from backend.records import Verdict
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import ModelVersion


def promote(settings: Settings, model_id: str, *, by: str, role: Role = "engineer", reason: str | None = None) -> str:
    """Makes a model version the champion, if the gate's verdict against the present champion allows it.

    Returns:
        the id of the champion.

    Raises:
        NotFound: no such model version.
        WrongState: it is the champion already, or it cannot be judged.
        NotPromotable: the verdict forbids it, or `hold` without the engineer's role and a reason.
        Refused: it was trained on closed data; or the role may not promote.
        InputError: its weights or its card were changed since it was stored.
    """
    verdict = _verdict(settings, model_id, by)
    with open_session(settings) as session:
        model = registry.promote(session, model_id, verdict, by, role, reason)
        weights_of(blobs_of(settings), model)
    _reannotate(settings, model_id)
    return model_id


def rollback(settings: Settings, *, by: str, reason: str | None = None) -> str | None:
    """Takes the newest promotion back; returns the champion from before it, None where there was none.

    Raises:
        WrongState: no promotion stands.
    """
    with open_session(settings) as session:
        before = registry.rollback(session, by, reason)
        model_id = before.id if before else None
    if model_id:
        _reannotate(settings, model_id)
    return model_id


def _verdict(settings: Settings, model_id: str, by: str) -> Verdict | None:
    """The gate's verdict against the champion that serves now, judged again where it was judged against another."""
    with open_session(settings) as session:
        model, present = registry.find_model(session, model_id), registry.champion(session)
    if present is None or present.id == model_id:
        return None
    return standing_verdict(settings, model_id, present.id) or _judge_again(settings, model, present, by)


def _judge_again(settings: Settings, model: ModelVersion, present: ModelVersion, by: str) -> Verdict | None:
    from backend.jobs.steps.examine import examine  # noqa: PLC0415 (loads torch, which pages must not carry)

    # a model that came along learned from no dataset version
    dataset_id = model.dataset_id or present.dataset_id
    if dataset_id is None:
        return None
    ours = examine(settings, model.id, dataset_id, by=by)
    return compare(settings, ours, examine(settings, present.id, dataset_id, by=by))


def _reannotate(settings: Settings, model_id: str) -> None:
    """Queues new pre-annotations; without a broker the promotion stands and they wait for the next publication."""
    try:
        dispatch(settings, "reannotate", model_id=model_id)
    except ServiceError:
        return
