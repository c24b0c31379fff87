"""The evaluation report of a model version beside the champion: as JSON, page, PDF, table of figures and model card."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.errors import NotFound, WrongState
from backend.evaluation.card import card_markdown, model_card
from backend.evaluation.figures_csv import to_csv
from backend.evaluation.html import to_html
from backend.evaluation.report import FORMAT
from backend.jobs.steps.lineage import model_lineage
from backend.jobs.steps.verdict import compare, evaluation_of
from backend.promotion.registry import champion, find_model
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Evaluation, Run

Json = dict[str, Any]
FILES = {
    "report.json": "application/json",
    "report.html": "text/html",
    "report.pdf": "application/pdf",
    "figures.csv": "text/csv",
    "model-card.md": "text/markdown",
    "model-card.json": "application/json",
}
"""What a report is written as, by file name."""


def evaluation_report(settings: Settings, model_id: str | None, directory: Path | None = None, *, by: str) -> Json:
    """The report of a model version (the champion where None) on the test side of the newest dataset version.

    Args:
        directory: where to write `FILES`; nowhere where None.

    Raises:
        NotFound: no such model version, or none serves yet.
        WrongState: no dataset version is frozen yet.
    """
    from backend.jobs.steps.examine import examine  # noqa: PLC0415 (loads torch, which pages must not carry)

    with open_session(settings) as session:
        model = find_model(session, model_id) if model_id else champion(session)
        newest = session.scalars(select(DatasetVersion).order_by(DatasetVersion.created.desc()).limit(1)).first()
    if model is None:
        raise NotFound("no model serves yet; name a model version (`scintiloop models` lists them)")
    if newest is None:
        raise WrongState("no dataset version is frozen yet; `scintiloop dataset freeze` makes one")
    evaluation = examine(settings, model.id, newest.id, by=by)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (directory / name).write_bytes(report_file(settings, evaluation, name))
    return full_report(settings, evaluation)


def report_file(settings: Settings, evaluation: Evaluation, name: str) -> bytes:
    """One of `FILES`; of an evaluation in an older format only the page as it was kept, and its JSON.

    Raises:
        NotFound: no such file, or none of an evaluation so old.
    """
    if evaluation.report.get("format") != FORMAT:
        return _older(settings, evaluation, name)
    report, pictures = full_report(settings, evaluation), blobs_of(settings).get
    if name == "report.html":
        return to_html(report, pictures).encode()
    if name == "report.pdf":
        from backend.evaluation.pdf import to_pdf  # noqa: PLC0415 (loads its fonts and shapes)

        return to_pdf(report, pictures)
    if name == "figures.csv":
        return to_csv(report)
    if name == "report.json":
        return _plain(report)
    if name in FILES:
        card = model_card(report, _made(settings, evaluation.model_id))
        return _plain(card) if name.endswith(".json") else card_markdown(card).encode()
    raise NotFound(f"a report is not written as {name!r}; there are {', '.join(FILES)}")


def full_report(settings: Settings, evaluation: Evaluation) -> Json:
    """The report as it was kept, with `gate`: where the model stands beside the champion of now."""
    return dict(evaluation.report) | {"gate": beside_champion(settings, evaluation)}


def beside_champion(settings: Settings, evaluation: Evaluation) -> Json:
    """The gate's verdict on the model, from evaluations that were made before.

    Returns:
        `champion` that it is compared with, None where there is none; `serving`: whether the model serves itself;
        `verdict`, None where it cannot be told, and its `reason`; `differences`: {name: figure}; `checks`. Of the model
        that serves it is what the gate said when it was trained.
    """
    with open_session(settings) as session:
        present = champion(session)
        run = session.scalars(select(Run).where(Run.model_id == evaluation.model_id).limit(1)).first()
    if present and present.id == evaluation.model_id:
        return _serving((run.verdict if run else None) or {})
    theirs = evaluation_of(settings, present.id, evaluation.dataset_id) if present else None
    if present and theirs is None:
        reason = f"The champion {present.id} was not evaluated on this dataset version, so the two cannot be compared."
        return _gate(present.id, None, reason)
    verdict = compare(settings, evaluation, theirs)
    return _gate(present.id if present else None, verdict.name, verdict.reason) | {
        "differences": {name: figure.to_json() for name, figure in verdict.differences.items()},
        "checks": [check.to_json() for check in verdict.checks],
    }


def _serving(said: Json) -> Json:
    reason = said.get("reason") or "This model serves; no run of this home made it, so the gate was not asked."
    return _gate(said.get("champion"), said.get("name"), reason) | {
        "serving": True,
        "differences": {label: row["difference"] for label, row in said.get("dice", {}).items() if row["difference"]},
        "checks": said.get("checks", []),
    }


def _gate(champion_id: str | None, verdict: str | None, reason: str) -> Json:
    return {
        "champion": champion_id,
        "serving": False,
        "verdict": verdict,
        "reason": reason,
        "differences": {},
        "checks": [],
    }


def _made(settings: Settings, model_id: str) -> Json:
    with open_session(settings) as session:
        card = find_model(session, model_id).card
    return model_lineage(settings, model_id) | {"card": card}


def _older(settings: Settings, evaluation: Evaluation, name: str) -> bytes:
    if name == "report.html":
        return blobs_of(settings).get(evaluation.html_sha256)
    if name == "report.json":
        return _plain(evaluation.report)
    raise NotFound(
        f"this report was made by an older version, which wrote no {name}; "
        f"`scintiloop evaluate {evaluation.model_id}` makes it anew"
    )


def _plain(document: Json) -> bytes:
    return json.dumps(document, indent=2, allow_nan=False).encode()
