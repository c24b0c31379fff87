"""Who reads what: readers and their workload for administrators; a third reader, for physicians too.

Physicians see no reader's name: they judge outlines, not people.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backend.errors import InputError, NotFound, ScintiloopError
from backend.jobs.steps import worklists
from backend.sentences import say
from backend.web.guard import only, settings
from backend.web.words import gettext as _
from backend.web.words import said

pages = Blueprint("worklists", __name__, url_prefix="/worklists")

MOST_LISTED = 200
LONGEST_TOKEN = 64


@pages.get("")
@only("physician")
def index() -> str:
    found = worklists.overview(settings())
    named = found["readers"] if current_user.may("administrator") else []
    return render_template(
        "worklists.html",
        readers=named,
        active=sum(one["left_at"] is None for one in found["readers"]),
        studies=found["studies"],
        lacking=found["lacking"][:MOST_LISTED],
    )


@pages.post("/readers/<int:number>/leave")
@only("administrator")
def leave(number: int) -> Response:
    def act() -> str:
        done = worklists.leave(settings(), _name(number), current_user.email)
        return _(
            "%(reader)s has left: %(released)s studies taken back, %(assigned)s given to others, %(begun)s begun stay.",
            **done,
        )

    return _told(act)


@pages.post("/readers/<int:number>/return")
@only("administrator")
def come_back(number: int) -> Response:
    def act() -> str:
        done = worklists.come_back(settings(), _name(number), current_user.email)
        return _("%(reader)s reads again; %(assigned)s studies were assigned.", **done)

    return _told(act)


@pages.post("/readers/<int:number>")
@only("administrator")
def change(number: int) -> Response:
    """Form: `share`, and `expert` where ticked."""

    def act() -> str:
        name, expert = _name(number), request.form.get("expert") == "1"
        worklists.change(settings(), name, current_user.email, expert=expert, share=_share())
        return _("%(reader)s is changed; it holds for the studies assigned from now on.", reader=name)

    return _told(act)


@pages.post("/third")
@only("physician")
def third() -> Response:
    """Form: `study`, a token."""
    token = request.form.get("study", "").strip()[:LONGEST_TOKEN]

    def act() -> str:
        worklists.request_third(settings(), token, current_user.email)
        return _("A third reader has study %(study)s now.", study=token)

    return _told(act)


def _name(number: int) -> str:
    """Raises: NotFound: no reader has that number."""
    readers = worklists.overview(settings())["readers"]
    found = next((one["reader"] for one in readers if one["number"] == number), None)
    if found is None:
        raise NotFound(say("no reader has number {number}", number=number))
    return str(found)


def _share() -> float:
    """Raises: InputError: the form's share is no number."""
    text = request.form.get("share", "").strip()[:LONGEST_TOKEN]
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(say("{text} is no number; a share is above 0 and at most 1", text=repr(text))) from None


def _told(act: Callable[[], str]) -> Response:
    """Does it, and says on the page what came of it."""
    try:
        flash(act())
    except InputError as error:
        flash(said(error.message), "problem")
    except ScintiloopError as error:
        flash(said(error), "problem")
    return redirect(url_for("worklists.index"))
