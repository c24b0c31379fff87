"""Model versions: the list, who was champion when, promote, roll back, the evaluation report."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from backend.errors import ScintiloopError
from backend.jobs.steps import promote as promoting
from backend.jobs.steps.versions import champions, model_versions
from backend.store.blobs import blobs_of
from backend.web.guard import only, settings
from backend.web.reports import latest_report
from backend.web.words import gettext as _
from backend.web.words import said

pages = Blueprint("models", __name__, url_prefix="/models")

REPORT_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A report is one file that brings its own style and pictures, and may do nothing else."""


@pages.get("")
@only("engineer")
def index() -> str:
    return render_template("models.html", models=model_versions(settings()), champions=champions(settings()))


@pages.post("/<model_id>/promote")
@only("engineer")
def promote(model_id: str) -> AnyResponse:
    reason = request.form.get("reason", "").strip() or None
    return _told(
        lambda: promoting.promote(settings(), model_id, by=current_user.email, role=current_user.role, reason=reason)
    )


@pages.post("/rollback")
@only("engineer")
def rollback() -> AnyResponse:
    return _told(lambda: promoting.rollback(settings(), by=current_user.email))


@pages.get("/<model_id>/report")
@only("engineer")
def report(model_id: str) -> str:
    if latest_report(settings(), model_id) is None:
        advice = _(
            "model %(model)s has no evaluation report; `scintiloop evaluate %(model)s` makes one", model=model_id
        )
        abort(404, advice)
    return render_template("report.html", model_id=model_id)


@pages.get("/<model_id>/report.html")
@only("engineer")
def report_file(model_id: str) -> Response:
    sha256 = latest_report(settings(), model_id)
    if sha256 is None:
        abort(404, _("model %(model)s has no evaluation report", model=model_id))
    policy = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(blobs_of(settings()).get(sha256), mimetype="text/html", headers=policy)


def _told(action: Any) -> AnyResponse:
    """Does it, and says on the models page what came of it."""
    try:
        champion = action()
        flash(_("The champion is %(model)s.", model=champion) if champion else _("No model serves now."))
    except ScintiloopError as error:
        flash(said(error), "problem")
    return redirect(url_for("models.index"))
