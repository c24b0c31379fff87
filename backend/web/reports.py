"""The evaluation report of a model version: shown in a frame where it can do nothing, and handed out as files."""

from flask import Blueprint, Response, abort, render_template
from sqlalchemy import select

from backend.jobs.steps.report import FILES, report_file
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Evaluation
from backend.web.guard import only, settings
from backend.web.words import gettext as _

pages = Blueprint("reports", __name__, url_prefix="/models")

POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A report is one file that brings its own style and pictures, and may do nothing else."""
DOWNLOADS = ("report.pdf", "report.html", "figures.csv", "model-card.md", "report.json", "model-card.json")


def latest_report(settings: Settings, model_id: str) -> Evaluation | None:
    """The model's newest evaluation, None where it has none."""
    chosen = select(Evaluation).where(Evaluation.model_id == model_id).order_by(Evaluation.id.desc())
    with open_session(settings) as session:
        return session.scalars(chosen.limit(1)).first()


@pages.get("/<model_id>/report")
@only("engineer")
def show(model_id: str) -> str:
    _evaluation(model_id)
    return render_template("report.html", model_id=model_id, downloads=DOWNLOADS)


@pages.get("/<model_id>/report.html")
@only("engineer")
def framed(model_id: str) -> Response:
    content = report_file(settings(), _evaluation(model_id), "report.html")
    policy = {"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(content, mimetype="text/html", headers=policy)


@pages.get("/<model_id>/report/<name>")
@only("engineer")
def download(model_id: str, name: str) -> Response:
    """One of `FILES`, to be saved under a name that says whose it is."""
    evaluation = _evaluation(model_id)
    if name not in FILES:
        abort(404, _("a report is not written as %(name)s; there are %(names)s", name=name, names=", ".join(FILES)))
    content = report_file(settings(), evaluation, name)
    saved = {"Content-Disposition": f'attachment; filename="{model_id}-{name}"', "Content-Security-Policy": POLICY}
    return Response(content, mimetype=FILES[name], headers=saved)


def _evaluation(model_id: str) -> Evaluation:
    """Ends the request where the model has no report."""
    evaluation = latest_report(settings(), model_id)
    if evaluation is None:
        advice = _(
            "model %(model)s has no evaluation report; `scintiloop evaluate %(model)s` makes one", model=model_id
        )
        abort(404, advice)
    return evaluation
