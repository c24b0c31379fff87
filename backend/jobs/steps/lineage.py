"""Model versions with where they came from and what the gate said, as the command, the pages and the API show them."""

from typing import Any

from sqlalchemy import select

from backend.errors import WrongState
from backend.jobs.steps.verdict import compare
from backend.promotion.registry import champion, find_model, history
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Evaluation, ModelVersion, Run

FROM_SIMULATED_SCANS = "pretrain"
"""The start, in its card's lineage, of a model that has seen no reference of any reader."""


def model_versions(settings: Settings) -> list[dict[str, Any]]:
    """Newest first; `champion` marks the one that serves, `simulated` those trained on simulated scans alone; `verdict`,
    `reason` and `dice` are their run's."""
    with open_session(settings) as session:
        serving = champion(session)
        reported = set(session.scalars(select(Evaluation.model_id)))
        models = session.scalars(select(ModelVersion).order_by(ModelVersion.created.desc())).all()
        runs = {run.model_id: run for run in session.scalars(select(Run).where(Run.model_id.is_not(None)))}
    return [
        _origin(model)
        | {"champion": serving is not None and model.id == serving.id, "report": model.id in reported}
        | _judged(runs.get(model.id))
        for model in models
    ]


def champions(settings: Settings) -> list[dict[str, Any]]:
    """Every change of the champion, newest first."""
    with open_session(settings) as session:
        changes = history(session)
    return [
        {"model": one.model_id, "action": one.action, "by": one.by, "reason": one.reason, "at": one.at.isoformat()}
        for one in reversed(changes)
    ]


def difference(settings: Settings, a: str, b: str, *, by: str) -> dict[str, Any]:
    """Two model versions side by side: their origins, and `a` minus `b` on the test cases of `a`'s dataset version.

    Raises:
        NotFound: no such model version.
        WrongState: `a` came with no dataset version to compare on.
    """
    from backend.jobs.steps.examine import examine  # noqa: PLC0415 (loads torch)

    with open_session(settings) as session:
        first, second = find_model(session, a), find_model(session, b)
    if first.dataset_id is None:
        raise WrongState(f"model version {a} came with no dataset version; put the other one first")
    ours = examine(settings, a, first.dataset_id, by=by)
    verdict = compare(settings, ours, examine(settings, b, first.dataset_id, by=by))
    return {
        "a": _origin(first),
        "b": _origin(second),
        "dataset": first.dataset_id,
        "verdict": verdict.name,
        "reason": verdict.reason,
        "differences": {name: figure.to_json() for name, figure in verdict.differences.items()},
    }


def _origin(model: ModelVersion) -> dict[str, Any]:
    return {
        "model": model.id,
        "created": model.created.isoformat(),
        "run": model.run_id,
        "dataset": model.dataset_id,
        "code_version": model.code_version,
        "encoder": model.card.get("architecture", {}).get("encoder"),
        "start": (start := model.card.get("lineage", {}).get("start")),
        "simulated": start == FROM_SIMULATED_SCANS,
        "closed_data": bool(model.card.get("closed_data")),
    }


def _judged(run: Run | None) -> dict[str, Any]:
    verdict = (run.verdict if run else None) or {}
    return {"verdict": verdict.get("name"), "reason": verdict.get("reason"), "dice": verdict.get("dice", {})}
