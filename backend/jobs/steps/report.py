"""The evaluation report of a model version, as JSON and as one page."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.errors import NotFound, WrongState
from backend.jobs.steps.examine import examine
from backend.promotion.registry import champion, find_model
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import DatasetVersion


def evaluation_report(
    settings: Settings, model_id: str | None, directory: Path | None = None, *, by: str
) -> dict[str, Any]:
    """The report of a model version (the champion where None) on the test side of the newest dataset version.

    Args:
        directory: where to write `report.json` and `report.html`; nowhere where None.

    Raises:
        NotFound: no such model version, or none serves yet.
        WrongState: no dataset version is frozen yet.
    """
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
        (directory / "report.json").write_text(json.dumps(evaluation.report, indent=2), encoding="utf-8")
        (directory / "report.html").write_bytes(blobs_of(settings).get(evaluation.html_sha256))
    return dict(evaluation.report)
