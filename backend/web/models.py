"""Model versions: the list, who was champion when, one version down to its readings, two beside each other, promote,
roll back."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from backend.errors import ScintiloopError
from backend.jobs.steps import promote as promoting
from backend.jobs.steps.lineage import model_lineage
from backend.jobs.steps.model_difference import card_parts, known_difference
from backend.jobs.steps.versions import champions, model_versions
from backend.promotion.registry import find_model
from backend.store.session import open_session
from backend.web.guard import only, settings
from backend.web.words import gettext as _
from backend.web.words import said

pages = Blueprint("models", __name__, url_prefix="/models")

MOST_ROWS = 200
"""References that a page lists; the command lists all."""


@pages.get("")
@only("engineer")
def index() -> str:
    return render_template("models.html", models=model_versions(settings()), champions=champions(settings()))


@pages.get("/<model_id>")
@only("engineer")
def show(model_id: str) -> str:
    with open_session(settings()) as session:
        card = find_model(session, model_id).card
    listed = model_versions(settings())
    return render_template(
        "model.html",
        model=next(one for one in listed if one["model"] == model_id),
        others=[one for one in listed if one["model"] != model_id],
        serving=[one for one in listed if one["champion"]],
        champions=[one for one in champions(settings()) if one["model"] == model_id],
        lineage=model_lineage(settings(), model_id),
        parts=card_parts(card),
        most=MOST_ROWS,
    )


@pages.get("/<model_id>/difference")
@only("engineer")
def difference(model_id: str) -> str:
    """`?to=` another model version; measures nothing, for a page must not look at the test set."""
    document = known_difference(settings(), model_id, request.args.get("to", ""))
    return render_template("model_difference.html", document=document, most=MOST_ROWS)


@pages.post("/<model_id>/promote")
@only("engineer")
def promote(model_id: str) -> AnyResponse:
    who = {"by": current_user.email, "role": current_user.role}
    return _told(lambda: promoting.promote(settings(), model_id, **who, reason=_reason()))


@pages.post("/rollback")
@only("engineer")
def rollback() -> AnyResponse:
    return _told(lambda: promoting.rollback(settings(), by=current_user.email, reason=_reason()))


def _reason() -> str | None:
    return request.form.get("reason", "").strip() or None


def _told(action: Any) -> AnyResponse:
    """Does it, and says on the models page what came of it."""
    try:
        champion = action()
        flash(_("The champion is %(model)s.", model=champion) if champion else _("No model serves now."))
    except ScintiloopError as error:
        flash(said(error), "problem")
    return redirect(url_for("models.index"))
