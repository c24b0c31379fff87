"""Model versions with where they came from and what the gate said, as the command, the pages and the API show them."""

from typing import Any

from sqlalchemy import select

from backend.promotion.registry import champion, history
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Evaluation, ModelVersion, Run

FROM_SIMULATED_SCANS = "pretrain"
"""The start, in its card's lineage, of a model that has seen simulated scans alone."""


def model_versions(settings: Settings) -> list[dict[str, Any]]:
    """Newest first; `champion` marks the one that serves, `simulated` those that learned from simulated scans alone;
    `verdict`, `reason` and `dice` are their run's."""
    with open_session(settings) as session:
        serving = champion(session)
        reported = set(session.scalars(select(Evaluation.model_id)))
        models = session.scalars(select(ModelVersion).order_by(ModelVersion.created.desc())).all()
        runs = {run.model_id: run for run in session.scalars(select(Run).where(Run.model_id.is_not(None)))}
    return [
        origin(model)
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


def origin(model: ModelVersion) -> dict[str, Any]:
    """What a list of model versions tells of each."""
    return {
        "model": model.id,
        "created": model.created.isoformat(),
        "run": model.run_id,
        "dataset": model.dataset_id,
        "code_version": model.code_version,
        "encoder": model.card.get("architecture", {}).get("encoder"),
        "start": _start(model),
        "simulated": learned_from_simulated_scans(model),
        "closed_data": bool(model.card.get("closed_data")),
    }


def learned_from_simulated_scans(model: ModelVersion | None) -> bool:
    """Whether the model has seen no scan of a patient; False where there is none."""
    return model is not None and _start(model) == FROM_SIMULATED_SCANS


def _start(model: ModelVersion) -> str | None:
    found: str | None = model.card.get("lineage", {}).get("start")
    return found


def _judged(run: Run | None) -> dict[str, Any]:
    verdict = (run.verdict if run else None) or {}
    return {
        "verdict": verdict.get("name"),
        "reason": verdict.get("reason"),
        "dice": verdict.get("dice", {}),
        "checks": verdict.get("checks", []),
    }
