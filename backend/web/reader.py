"""A reader's own page: how far the reading is, and how it compares with references that are sealed."""

from flask import Blueprint, abort, render_template
from flask_login import current_user

from backend.agreement.own import own_agreement
from backend.jobs.steps.worklists import progress
from backend.web.guard import only, settings
from backend.web.words import gettext as _

pages = Blueprint("reader", __name__, url_prefix="/own")


@pages.get("")
@only("reader")
def show() -> str:
    reader_id = current_user.reader_id or abort(404, _("this account belongs to no reader"))
    return render_template(
        "own.html",
        progress=progress(settings(), reader_id),
        own=own_agreement(settings(), reader_id),
        label_studio=settings().label_studio_link,
    )
