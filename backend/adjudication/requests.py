"""What a page may ask for: every request is checked by itself here, and against the case where it is done."""

from typing import Any, Literal, get_args

from backend.adjudication.outlines import check_regions
from backend.errors import InputError
from backend.records import PROJECTIONS
from backend.sentences import say

LONGEST_COMMENT = 2000
EXCLUSIONS = ("unreadable", "cannot be settled", "primary bone tumour")
Reason = Literal["degenerative", "fracture", "injection_site", "contamination", "physiological", "other"]
"""Why what a reading calls a metastasis is none."""
REASONS: tuple[Reason, ...] = get_args(Reason)

KEYS: dict[str, tuple[str, ...]] = {
    "decide": ("dispute", "choice", "reason", "regions"),
    "clear": ("dispute",),
    "exclude": ("projection", "reason"),
    "include": ("projection",),
    "add": ("projection", "regions"),
    "remove": ("key",),
    "comment": ("text",),
    "undo": (),
    "show_model": (),
}
MAY_BE_MISSING = {"decide": ("reason", "regions")}
WORDS_SHOWN = 40
"""Characters of an unknown word that a sentence repeats."""


def check_step(step: object) -> tuple[int, str, dict[str, Any]]:
    """A request taken apart: the revision that its page had, the action, and the rest.

    Raises:
        InputError: no known action, an unknown or a missing key, or a value that cannot be.
    """
    if not isinstance(step, dict):
        raise InputError(say("a step is one JSON object"))
    action = step.get("action")
    if not isinstance(action, str) or action not in KEYS:
        raise InputError(say("this action is not known; load the page again"), field="action")
    expected = {"revision", "action", *KEYS[action]}
    if unknown := sorted(str(key) for key in step.keys() - expected):
        raise InputError(say("the key {key} is not known here", key=repr(unknown[0][:WORDS_SHOWN])), field=action)
    if missing := sorted(expected - step.keys() - set(MAY_BE_MISSING.get(action, ()))):
        raise InputError(say("the key {key} is missing", key=repr(missing[0])), field=action)
    revision = check_revision(step["revision"])
    detail = {key: value for key, value in step.items() if key not in ("revision", "action")}
    for key, value in detail.items():
        _check_value(action, key, value)
    return revision, action, detail


def check_revision(value: object) -> int:
    """Raises: InputError: it is no count of steps."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(say("the revision is the number of steps so far"), field="revision")
    return value


def _check_value(action: str, key: str, value: object) -> None:
    if key == "regions":
        if value is not None or action == "add":
            check_regions(value)
        return
    if key == "reason" and action == "decide" and value is None:
        return
    if not isinstance(value, str):
        raise InputError(say("the value of {key} is a text", key=repr(key)), field=key)
    if key == "text" and len(value) > LONGEST_COMMENT:
        raise InputError(
            say("the comment is longer than {most} characters; shorten it", most=LONGEST_COMMENT), field=key
        )
    if key == "projection" and value not in PROJECTIONS:
        raise InputError(say("a projection is anterior or posterior"), field=key)
    if key == "reason":
        _check_reason(action, value)


def _check_reason(action: str, value: str) -> None:
    allowed: tuple[str, ...] = EXCLUSIONS if action == "exclude" else REASONS
    if value not in allowed:
        raise InputError(say("the reason is one of: {reasons}", reasons=", ".join(allowed)), field="reason")
