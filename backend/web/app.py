"""The Flask app: pages and a JSON API for physicians, engineers and administrators."""

import traceback
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from backend.errors import InputError, NotFound, Refused, ScintiloopError, ServiceError, WrongState
from backend.sentences import say
from backend.settings import Settings, load_settings
from backend.store.secrets import secret
from backend.web import (
    accounts,
    adjudication,
    agreement,
    api,
    data,
    home,
    login,
    models,
    navigation,
    oidc,
    reader,
    reports,
    runs,
    shown,
    words,
    worklists,
)
from backend.web.guard import guard
from backend.web.words import gettext as _
from backend.web.words import said

STATUS_OF = {InputError: 400, NotFound: 404, Refused: 403, WrongState: 409, ServiceError: 503}
LONGEST_REQUEST = 64 * 1024
HTTP_SENTENCES = {
    400: say("the request cannot be understood"),
    404: say("there is nothing at this address"),
    405: say("this address does not take that kind of request"),
    413: say("what was sent is too long"),
}
"""What is said where nobody said more."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def create_app(settings: Settings | None = None) -> Flask:
    """The app for these settings, those in force where None."""
    chosen = settings or load_settings()
    app = Flask("backend.web")
    app.config.update(
        SCINTILOOP=chosen,
        SECRET_KEY=secret(chosen, "web_session"),
        SESSION_COOKIE_NAME="scintiloop",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=chosen.https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=chosen.session_hours),
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
    )
    guard(app)
    for room in (home, login, reader, data, adjudication, agreement, worklists, runs, models, reports, accounts):
        app.register_blueprint(room.pages)
    app.register_blueprint(api.routes)
    app.register_error_handler(ScintiloopError, _say_ours)
    app.register_error_handler(HTTPException, _say_http)
    app.register_error_handler(Exception, _say_unexpected)
    app.after_request(_add_headers)
    if chosen.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=chosen.proxies, x_proto=chosen.proxies)  # type: ignore[method-assign]
    for teacher in (words, shown, navigation, oidc):
        teacher.teach(app)
    return app


def _say_ours(error: ScintiloopError) -> tuple[Any, int]:
    code = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 500)
    return _say(said(error), code)


def _say_http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    ours = error.description if error.description != type(error).description else None
    return _say(ours or said(HTTP_SENTENCES.get(error.code, error.name)), error.code)


def _say_unexpected(error: Exception) -> tuple[Any, int]:
    # the words of an unexpected error may hold anything, a patient's name too: its kind and place are enough
    place = traceback.extract_tb(error.__traceback__)[-1]
    words = (request.method, request.url_rule, type(error).__name__, place.filename, place.lineno)
    current_app.logger.error("%s %s: %s at %s:%s", *words)
    return _say(_("something went wrong here; logs/web.log has more"), 500)


def _say(sentence: str, code: int) -> tuple[Any, int]:
    if request.path.startswith("/api/"):
        return jsonify(error=sentence), code
    return render_template("error.html", sentence=sentence, code=code), code


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
