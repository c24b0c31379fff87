"""The engineer's overview of the data: what there is, on which side, and what is new."""

from flask import Blueprint, render_template

from backend.web.guard import only, settings
from backend.web.stock import stock

pages = Blueprint("data", __name__, url_prefix="/data")


@pages.get("")
@only("engineer")
def show() -> str:
    return render_template("data.html", stock=stock(settings()))
