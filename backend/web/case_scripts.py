"""What the case page's scripts fetch and send: JSON over HTTP, refused in words."""

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, request, url_for
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from backend.errors import ScintiloopError
from backend.jobs.steps import adjudicate
from backend.web.case_json import json_object, refusal
from backend.web.guard import form_token, only, settings
from backend.web.words import gettext as _

scripts = Blueprint("scripts", __name__)

LONGEST_STEP = 4 * 1024 * 1024
"""Bytes of a step; an edited outline may have many points."""


@scripts.before_request
def _scripts_are_told() -> None:
    """A script cannot follow the way to the log-in page."""
    if not current_user.is_authenticated:
        abort(401, _("You are logged out; log in again."))


@scripts.get("/<token>/case.json")
@only("physician")
def document(token: str) -> Response:
    """With the form token of the session, so that an open page outlives a new log-in."""
    answer = jsonify(adjudicate.document(settings(), token, current_user.account_id))
    answer.headers["X-Form-Token"] = form_token()
    return answer


@scripts.post("/<token>/steps")
@only("physician")
def steps(token: str) -> Response:
    request.max_content_length = LONGEST_STEP
    step = json_object(request.get_data())
    return jsonify(adjudicate.act(settings(), token, current_user.account_id, step))


@scripts.post("/<token>/finish")
@only("physician")
def finish(token: str) -> Response:
    """Body: `revision`. The page at `address` says what came of it."""
    revision = json_object(request.get_data(), revision=int)["revision"]
    outcome = adjudicate.finish(settings(), token, current_user.account_id, revision)
    told = {
        "sealed": _("The reference of case %(token)s is sealed.", token=token),
        "waiting": _("Case %(token)s waits for the second opinion.", token=token),
        "joint": _("The two opinions on case %(token)s differ; the first physician decides again.", token=token),
    }
    flash(told[outcome["state"]])
    following = outcome["next"]
    address = url_for("adjudication.show", token=following) if following else url_for("adjudication.index")
    return jsonify(outcome | {"address": address})


@scripts.get("/<token>/model.json")
@only("physician")
def model(token: str) -> Response:
    return jsonify(adjudicate.model_outlines(settings(), token, current_user.account_id))


@scripts.errorhandler(ScintiloopError)
@scripts.errorhandler(HTTPException)
def _refuse(error: ScintiloopError | HTTPException) -> Any:
    return refusal(error)
