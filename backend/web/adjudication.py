"""Adjudication: the queue and the case page."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from backend.errors import InHand, InputError, NotFound, ScintiloopError, WrongState
from backend.jobs.steps import adjudicate
from backend.records import PROJECTIONS, WINDOWS
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Case, Image, Study
from backend.web.case_scripts import scripts
from backend.web.case_words import case_words
from backend.web.guard import only, settings
from backend.web.words import gettext as _

pages = Blueprint("adjudication", __name__, url_prefix="/adjudication")
pages.register_blueprint(scripts)

PAGE_LENGTH = 50


@pages.get("")
@only("physician")
def index() -> str:
    """`?offset=…` for the next ones; htmx gets the rows alone."""
    offset = max(0, request.args.get("offset", 0, type=int))
    found = adjudicate.queue(settings(), account_id=current_user.account_id, offset=offset, limit=PAGE_LENGTH)
    following = offset + PAGE_LENGTH if offset + PAGE_LENGTH < found["total"] else None
    template = "queue_rows.html" if request.headers.get("HX-Request") else "queue.html"
    return render_template(template, cases=found["cases"], total=found["total"], offset=offset, following=following)


@pages.get("/<token>")
@only("physician")
def show(token: str) -> Any:
    """Opens the case for this physician; where another has it, says so and offers what can be done."""
    try:
        document = adjudicate.open_case_for(settings(), token, current_user.account_id)
    except InHand as error:
        return render_template("case_in_hand.html", study=token, sentence=error), 409
    except WrongState as error:
        document = _own_earlier_work(token, error)
    physicians = [one for one in adjudicate.physicians(settings()) if one["id"] != current_user.account_id]
    return render_template(
        "case.html",
        document=document,
        study=token,
        words=case_words(),
        physicians=physicians,
        projections=PROJECTIONS,
        windows=WINDOWS,
    )


def _own_earlier_work(token: str, otherwise: WrongState) -> dict[str, Any]:
    try:
        return adjudicate.document(settings(), token, current_user.account_id)
    except ScintiloopError:
        raise otherwise from None


@pages.post("/<token>/take-over")
@only("physician")
def take_over(token: str) -> AnyResponse:
    adjudicate.take_over(settings(), token, current_user.account_id)
    return redirect(url_for(".show", token=token))


@pages.post("/<token>/second-opinion")
@only("physician")
def second_opinion(token: str) -> AnyResponse:
    """Form: `of`, the account that is asked."""
    asked = request.form.get("of", type=int)
    if asked is None:
        raise InputError(_("choose who is asked for a second opinion"), field="of")
    adjudicate.ask_second_opinion(settings(), token, current_user.account_id, asked)
    flash(_("A second opinion is asked for; it stays apart from yours until both are sealed."))
    return redirect(url_for(".show", token=token))


@pages.get("/<token>/<projection>/<window>.png")
@only("physician")
def picture(token: str, projection: str, window: str) -> Response:
    """A sub-image of a case, kept by the browser and asked for again each time: nothing is shown after log-out."""
    sha256 = _sub_image(token, projection, window)
    answer = Response(mimetype="image/png", headers={"Cache-Control": "private, no-cache"})
    answer.set_etag(sha256)
    if request.if_none_match.contains(sha256):
        answer.status_code = 304
        return answer
    answer.set_data(blobs_of(settings()).get(sha256))
    return answer


def _sub_image(token: str, projection: str, window: str) -> str:
    found = select(Image).join(Study).join(Case, Case.study_id == Study.id)
    with open_session(settings()) as session:
        image = session.scalars(found.where(Study.token == token, Image.projection == projection)).first()
        sha256 = {"low": image.low_sha256, "high": image.high_sha256}.get(window) if image else None
    if sha256 is None:
        raise NotFound(_("there is no such sub-image of a case"))
    return sha256
