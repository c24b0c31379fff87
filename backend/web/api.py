"""The JSON API: the pages' words for scripts, by session or by HTTP Basic with an account's e-mail and password."""

from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask_login import current_user

from backend.errors import InputError
from backend.jobs import runs
from backend.jobs.steps import promote as promoting
from backend.jobs.steps.start import start_training
from backend.jobs.steps.starts import offered
from backend.jobs.steps.versions import champions, model_versions
from backend.sentences import say
from backend.services import machine
from backend.web.guard import only, settings
from backend.web.standing import standing
from backend.web.words import gettext as _

routes = Blueprint("api", __name__, url_prefix="/api")

RUN_OPTIONS: dict[str, type] = {"dataset": str, "recipe": str, "start": str, "encoder": str, "steps": int}


@routes.get("/status")
@only()
def status() -> Any:
    services = [service.to_json() for service in machine.status(settings())]
    return jsonify(standing=standing(settings()), services=services)


@routes.get("/runs")
@only("engineer")
def all_runs() -> Any:
    return jsonify(runs=[runs.show(run) for run in runs.newest_first(settings())])


@routes.post("/runs")
@only("engineer")
def start() -> Any:
    """Body: any of `dataset`, `recipe`, `start` (champion, scratch, day-one, package:NAME or a model
    version), `encoder`, `steps`; 202 and the queued run."""
    options = fields(RUN_OPTIONS)
    if options.get("start") not in (None, *offered(settings())):
        problem = say(
            "is neither champion nor scratch, day-one, package:NAME or a model version; "
            "files are for `scintiloop retrain`"
        )
        raise InputError(problem, field="start")
    run_id = start_training(settings(), current_user.email, **options)
    return jsonify(runs.show(runs.find(settings(), run_id))), 202


@routes.get("/runs/<run_id>")
@only("engineer")
def run(run_id: str) -> Any:
    """`?points=1` adds the curve."""
    found = runs.find(settings(), run_id)
    return jsonify(runs.show(found) | ({"points": found.points} if request.args.get("points") else {}))


@routes.post("/runs/<run_id>/cancel")
@only("engineer")
def cancel(run_id: str) -> Any:
    return jsonify(run=run_id, state=runs.cancel(settings(), run_id, current_user.email))


@routes.get("/models")
@only("engineer")
def all_models() -> Any:
    return jsonify(models=model_versions(settings()), champions=champions(settings()))


@routes.post("/models/<model_id>/promote")
@only("engineer")
def promote(model_id: str) -> Any:
    """Body: `reason`, needed where the gate said `hold`."""
    reason = fields({"reason": str}).get("reason")
    return jsonify(
        champion=promoting.promote(settings(), model_id, by=current_user.email, role=current_user.role, reason=reason)
    )


@routes.post("/models/rollback")
@only("engineer")
def rollback() -> Any:
    """Body: `reason`, if there is one."""
    reason = fields({"reason": str}).get("reason")
    return jsonify(champion=promoting.rollback(settings(), by=current_user.email, reason=reason))


def fields(known: dict[str, type]) -> dict[str, Any]:
    """The body's JSON object with these fields only, each of its type or left out.

    Raises:
        InputError: names the field.
    """
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise InputError(say("the body is not a JSON object; send one with the header Content-Type: application/json"))
    for name, value in body.items():
        if name not in known:
            raise InputError(say("is unknown; known are {names}", names=", ".join(known)), source="body", field=name)
        if value is not None and (not isinstance(value, known[name]) or isinstance(value, bool)):
            problem = say("is {value!r}; give a {kind}", value=value, kind=known[name].__name__)
            raise InputError(problem, source="body", field=name)
    return body


@routes.route("/<path:anything>")
def nothing(anything: str) -> Any:
    abort(404, _("/api/%(path)s does not exist", path=anything))
