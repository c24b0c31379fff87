"""The agreement table: every study by its token, and how far its two projections are."""

from flask import Blueprint, render_template

from backend.web.guard import only, settings
from backend.web.standing import study_statuses

pages = Blueprint("agreement", __name__, url_prefix="/agreement")


@pages.get("")
@only("physician", "engineer")
def index() -> str:
    return render_template("agreement.html", studies=study_statuses(settings()))
