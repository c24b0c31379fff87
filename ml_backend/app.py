"""The ML backend as Label Studio sees it: one Flask app, made by `create_app`."""

import hmac
import logging
from collections.abc import Callable

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from backend.errors import InputError, NotFound, Refused, ScintiloopError, ServiceError, WrongState
from backend.jobs.dispatch import dispatch, get_ready
from backend.settings import Settings, load_settings
from backend.store.secrets import secret
from ml_backend.routes import Dispatch, protocol
from ml_backend.suggestions import Suggestions

log = logging.getLogger(__name__)

USER = "scintiloop"
OPEN_PATHS = frozenset({"/", "/health"})
MAX_BODY_BYTES = 64 * 1024 * 1024
"""500 tasks are about 0.3 MB; "Retrieve predictions" adds every annotation of theirs."""
STATUS: tuple[tuple[type[ScintiloopError], int], ...] = (
    (InputError, 400),
    (NotFound, 404),
    (Refused, 403),
    (WrongState, 409),
    (ServiceError, 503),
)


def create_app(settings: Settings | None = None, queue: Dispatch = dispatch) -> Flask:
    """The WSGI application.

    Args:
        settings: those in force where None.
        queue: how work is handed to the workers.

    Raises:
        SettingsError: a setting or the secret is unusable.
    """
    chosen = settings or load_settings()
    # Celery loads now, not within the tenth of a second that the first webhook has
    get_ready(chosen)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.before_request(_guard(secret(chosen, "ml_backend_password")))
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(ScintiloopError, _mendable)
    app.register_error_handler(Exception, _unexpected)
    app.register_blueprint(protocol(chosen, Suggestions(chosen), queue))
    return app


def _guard(password: str) -> Callable[[], Response | None]:
    """Basic auth on everything but health, compared in constant time."""
    expected = f"{USER}:{password}".encode()

    def check() -> Response | None:
        if request.path in OPEN_PATHS:
            return None
        given = request.authorization
        offered = f"{given.username}:{given.password}".encode() if given and given.type == "basic" else b""
        if hmac.compare_digest(offered, expected):
            return None
        log.warning("%s refused: wrong or missing Basic auth", request.path)
        refusal = jsonify(error=f"Basic auth of user {USER} is needed; the secret is ml_backend_password")
        refusal.status_code = 401
        refusal.headers["WWW-Authenticate"] = 'Basic realm="scintiloop"'
        return refusal

    return check


def _refused(error: HTTPException) -> tuple[Response, int]:
    return jsonify(error=error.description or error.name), error.code or 500


def _mendable(error: ScintiloopError) -> tuple[Response, int]:
    log.error("%s: %s", request.path, error)
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    return jsonify(error=str(error)), status


def _unexpected(error: Exception) -> tuple[Response, int]:
    # the message and the traceback may quote the request, which carries tokens
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
    log.error("%s: unexpected %s in %s", request.path, type(error).__name__, where)
    return jsonify(error="unexpected trouble; the ML backend's log names the place"), 500
