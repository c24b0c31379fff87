"""What the gate says of two models, from evaluations that were made before; loads no network."""

import json
from typing import Any

from sqlalchemy import select

from backend.promotion.gate import judge
from backend.records import Verdict
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Evaluation
from converters.regions import LABELS


def evaluation_of(settings: Settings, model_id: str, dataset_id: str) -> Evaluation | None:
    """The newest evaluation of that pair; None where there is none."""
    chosen = select(Evaluation).where(Evaluation.model_id == model_id, Evaluation.dataset_id == dataset_id)
    with open_session(settings) as session:
        return session.scalars(chosen.order_by(Evaluation.id.desc()).limit(1)).first()


def scores_of(settings: Settings, evaluation: Evaluation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(blobs_of(settings).get(evaluation.scores_sha256))
    return found


def compare(settings: Settings, challenger: Evaluation, champion: Evaluation | None) -> Verdict:
    """The gate's verdict on two evaluations of one dataset version."""
    theirs = scores_of(settings, champion) if champion else None
    return judge(scores_of(settings, challenger), theirs, settings.gate_rules, seed=settings.seed)


def dice_rows(challenger: Evaluation, champion: Evaluation | None, verdict: Verdict) -> dict[str, dict[str, Any]]:
    """Dice by label: of the challenger, of the champion, and their paired difference."""
    return {
        label: {
            "challenger": challenger.report["labels"][label]["dice"],
            "champion": champion.report["labels"][label]["dice"] if champion else None,
            "difference": verdict.differences[label].to_json() if label in verdict.differences else None,
        }
        for label in LABELS
    }


def evaluated_alike(settings: Settings, a: str, b: str) -> tuple[Evaluation, Evaluation] | None:
    """The evaluations of both on the newest dataset version on which both were evaluated; None where there is none."""
    chosen = select(Evaluation.dataset_id).where(Evaluation.model_id == a).order_by(Evaluation.id.desc())
    with open_session(settings) as session:
        datasets = session.scalars(chosen).all()
    for dataset_id in dict.fromkeys(datasets):
        ours, theirs = (evaluation_of(settings, model_id, dataset_id) for model_id in (a, b))
        if ours and theirs:
            return ours, theirs
    return None


def standing_verdict(settings: Settings, challenger_id: str, champion_id: str) -> Verdict | None:
    """The gate's verdict from evaluations that were made before; None where the two were not evaluated alike."""
    pair = evaluated_alike(settings, challenger_id, champion_id)
    return compare(settings, *pair) if pair else None
