"""How readings agree: every study and where it stands, one study in full, figures over the project, exposure.

Physicians see no reader by name and no order of the two; nothing of a projection is shown before both are sealed.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, abort, current_app, render_template, request
from flask_login import current_user

from backend.agreement.exposure import exposure_report
from backend.agreement.keep import keep_few
from backend.agreement.material import Material, material
from backend.agreement.project import project_figures
from backend.store.session import open_session
from backend.web.guard import only, settings
from backend.web.standing import StudyStanding, mark_of_standing, study_standings
from backend.web.study_table import STATES, chosen, counts, details, page_of
from backend.web.words import gettext as _

pages = Blueprint("agreement", __name__, url_prefix="/agreement")

T = TypeVar("T")


@pages.get("")
@only("physician", "engineer")
def index() -> str:
    """Query: `state`, one of `STATES`; `study`, a part of a token; `page`, from 1."""
    state, part = request.args.get("state", "all"), request.args.get("study", "").strip()
    if state not in STATES:
        abort(400, _("the state is one of %(names)s", names=", ".join(STATES)))
    studies = _standings()
    listed = page_of(chosen(studies, state, part), request.args.get("page", "1"))
    found = _material([image for one in listed.studies for image in one.image_ids.values()])
    return render_template(
        "agreement.html",
        states=counts(studies),
        state=state,
        part=part,
        listed=listed,
        agreements={study[0].token: details(found, study)["study"] for study in found.studies},
    )


@pages.get("/studies/<token>")
@only("physician", "engineer")
def study(token: str) -> str:
    one = next((one for one in _standings() if one.token == token), None)
    if one is None:
        abort(404, _("no study has the token %(token)s", token=token))
    found = _material(list(one.image_ids.values()))
    return render_template("agreement_study.html", one=one, details=details(found, found.studies[0]))


@pages.get("/figures")
@only("physician", "engineer")
def figures() -> str:
    with_names = current_user.may("engineer")
    missing = _remembered("missing", lambda: keep_few(settings()))
    found = _remembered("project", lambda: project_figures(_all()))
    return render_template("agreement_figures.html", figures=found, with_names=with_names, missing=missing)


@pages.get("/exposure")
@only("engineer")
def exposure() -> str:
    missing = _remembered("missing", lambda: keep_few(settings()))
    report = _remembered("exposure", lambda: exposure_report(_all()))
    return render_template("exposure.html", report=report, missing=missing)


def _standings() -> list[StudyStanding]:
    def read() -> list[StudyStanding]:
        with open_session(settings()) as session:
            return study_standings(session)

    return _remembered("standings", read)


def _material(image_ids: list[int]) -> Material:
    keep_few(settings(), image_ids)
    with open_session(settings()) as session:
        return material(session, settings().agreement_rules.version, image_ids)


def _all() -> Material:
    with open_session(settings()) as session:
        return material(session, settings().agreement_rules.version)


def _remembered(name: str, make: Callable[[], T]) -> T:
    """What was made for the last request, as long as nothing that it is made from has changed."""
    with open_session(settings()) as session:
        mark = mark_of_standing(session, settings().agreement_rules.version)
    kept: dict[str, tuple[Any, Any]] = current_app.extensions.setdefault("agreement", {})
    if name not in kept or kept[name][0] != mark:
        kept[name] = (mark, make())
    found: T = kept[name][1]
    return found
