"""JSON between the case page's scripts and the server: read strictly, and refused in words."""

import json
from typing import Any

from flask import jsonify
from werkzeug.exceptions import HTTPException

from backend.errors import InHand, InputError, NotFound, Refused, Revised, ScintiloopError, Stale, WrongState
from backend.sentences import say
from backend.web.words import said

KINDS: dict[type[ScintiloopError], tuple[int, str]] = {
    Stale: (409, "stale"),
    Revised: (409, "revised"),
    InHand: (409, "in_hand"),
    WrongState: (409, "state"),
    InputError: (400, "input"),
    NotFound: (404, "not_found"),
    Refused: (403, "refused"),
}
HTTP_KINDS = {400: "form", 401: "login", 403: "refused", 404: "not_found", 413: "input"}


def json_object(content: bytes, **known: type) -> dict[str, Any]:
    """The body as a JSON object in which no key comes twice; with `known`, these keys with values of these types.

    Raises:
        InputError: says what is wrong with it.
    """
    try:
        body = json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InputError(say("the body is not JSON; load the page again")) from None
    if not isinstance(body, dict):
        raise InputError(say("the body is not a JSON object; load the page again"))
    if known:
        _check(body, known)
    return body


def refusal(error: ScintiloopError | HTTPException) -> Any:
    """`{"error": sentence, "kind": …}` and its status."""
    if isinstance(error, HTTPException):
        code = error.code or 500
        return jsonify(error=error.description or error.name, kind=HTTP_KINDS.get(code, "refused")), code
    code, kind = next((found for known, found in KINDS.items() if isinstance(error, known)), (503, "away"))
    return jsonify(error=said(error), kind=kind), code


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(say("comes twice; send it once"), field=twice[:40])
    return made


def _no_number(word: str) -> None:
    raise ValueError(word)


def _check(body: dict[str, Any], known: dict[str, type]) -> None:
    for name in body:
        if name not in known:
            raise InputError(say("is unknown; known are {names}", names=", ".join(known)), field=name[:40])
    for name, kind in known.items():
        if not isinstance(body.get(name), kind) or isinstance(body[name], bool):
            raise InputError(say("is missing or of the wrong kind"), field=name)
