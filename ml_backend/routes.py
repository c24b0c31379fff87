"""Every route that Label Studio calls on an ML backend."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from backend.errors import InputError
from backend.jobs.steps.predict_stored import NO_CHAMPION, champion_version
from backend.labelstudio.layout import label_control
from backend.records import PROJECTIONS
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Run
from ml_backend.suggestions import Suggestions

Dispatch = Callable[..., str]
"""`(settings, name, **arguments) -> task id`; raises ServiceError where the broker does not answer."""

TRAINING = "START_TRAINING"
ANNOTATION = "ANNOTATION"
EVENT_FIELDS = ("action", "annotation", "annotations", "task", "tasks")
PROJECT_FIELDS = ("id", "title", "label_config")
"""What is passed on of an event; the rest carries tokens."""
JOB_STATUS = {"queued": "queued", "running": "started", "done": "finished", "failed": "failed", "cancelled": "canceled"}
"""State of a run → status that Label Studio knows."""


def protocol(settings: Settings, suggestions: Suggestions, queue: Dispatch) -> Blueprint:
    """The protocol as a blueprint.

    Args:
        suggestions: what answers `/predict`.
        queue: how work is handed to the workers.
    """
    routes = Blueprint("protocol", __name__)
    _add_health(routes)
    _add_predictions(routes, settings, suggestions)
    _add_events(routes, settings, queue)
    _add_formalities(routes)
    return routes


def _add_health(routes: Blueprint) -> None:
    @routes.get("/")
    @routes.get("/health")
    def health() -> Response:
        return jsonify(status="UP", model_class="Scintiloop")


def _add_predictions(routes: Blueprint, settings: Settings, suggestions: Suggestions) -> None:
    @routes.post("/setup")
    def setup() -> Response:
        return jsonify(model_version=champion_version(settings))

    @routes.get("/versions")
    def versions() -> Response:
        version = champion_version(settings)
        return jsonify(versions=[] if version == NO_CHAMPION else [version])

    @routes.post("/predict")
    def predict() -> Response:
        body = _body()
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise InputError("a list of tasks is needed, empty if there is none", field="tasks")
        params = body.get("params")
        prompt = params.get("context") if isinstance(params, dict) else None
        return jsonify(results=suggestions.answer(project_number(body.get("project")), tasks, prompt=prompt))


def _add_events(routes: Blueprint, settings: Settings, queue: Dispatch) -> None:
    @routes.post("/webhook")
    def webhook() -> tuple[Response, int]:
        event = _body()
        action = event.get("action")
        if not isinstance(action, str):
            raise InputError("an event names its action", field="action")
        if action == TRAINING:
            return train()
        if action.startswith(ANNOTATION):
            queue(settings, "receive_event", document=passed_on(event))
        return jsonify(status="received"), 201

    @routes.post("/train")
    def train() -> tuple[Response, int]:
        job = uuid.uuid4().hex[:12]
        queue(settings, "start_training", requested_by=_requester(job))
        return jsonify(job=job), 201

    @routes.post("/job_status")
    def job_status() -> Response:
        job = _body().get("job")
        if not isinstance(job, str):
            raise InputError("the job that the start of training named is needed", field="job")
        with open_session(settings) as session:
            state = session.scalars(select(Run.state).where(Run.requested_by == _requester(job))).first()
        return jsonify(job_status=JOB_STATUS[state or "queued"])


def _add_formalities(routes: Blueprint) -> None:
    """What needs no work, because one model serves every project."""

    @routes.post("/validate")
    def validate() -> Response:
        config = _body().get("config")
        for control in map(label_control, PROJECTIONS):
            if not isinstance(config, str) or f'"{control}"' not in config:
                raise InputError(f"the labelling configuration lacks the control {control}", field="config")
        return jsonify(status="valid")

    @routes.post("/duplicate_model")
    @routes.post("/delete")
    def nothing_to_do() -> Response:
        return jsonify(status="nothing to do: one model serves every project")


def project_number(project: object) -> int | None:
    """The project's id: Label Studio writes `2.1795394094`, the id and when the project was made."""
    head = str(project).split(".", maxsplit=1)[0]
    return int(head) if head.isascii() and head.isdigit() else None


def passed_on(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event without the tokens and counters of its project."""
    project = event.get("project")
    kept = {name: event[name] for name in EVENT_FIELDS if name in event}
    if isinstance(project, dict):
        kept["project"] = {name: project[name] for name in PROJECT_FIELDS if name in project}
    return kept


def _requester(job: str) -> str:
    return f"label-studio:{job}"


def _body() -> dict[str, Any]:
    """Raises: InputError: not a JSON object."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise InputError("the body must be a JSON object", source=request.path)
    return body
