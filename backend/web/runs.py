"""Training runs: the list, the form that starts one, one run as it goes on, cancel."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backend.errors import ScintiloopError
from backend.jobs import runs
from backend.jobs.steps.start import start_training
from backend.web.guard import only, settings
from backend.web.run_form import Filled, filled, offers
from backend.web.words import said

pages = Blueprint("runs", __name__, url_prefix="/runs")


@pages.get("")
@only("engineer")
def index() -> str:
    return _list(Filled())


@pages.post("")
@only("engineer")
def start() -> Response | tuple[str, int]:
    form = filled(settings(), request.form)
    if form.problems:
        return _list(form), 400
    try:
        run_id = start_training(settings(), current_user.email, **form.options)
    except ScintiloopError as error:
        flash(said(error), "problem")
        return redirect(url_for("runs.index"))
    return redirect(url_for("runs.show", run_id=run_id))


def _list(form: Filled) -> str:
    found = [runs.show(run) for run in runs.newest_first(settings())]
    return render_template("runs.html", runs=found, form=form, offers=offers(settings()))


@pages.get("/<run_id>")
@only("engineer")
def show(run_id: str) -> str:
    return render_template("run.html", run=runs.show(runs.find(settings(), run_id)))


@pages.post("/<run_id>/cancel")
@only("engineer")
def cancel(run_id: str) -> Response:
    try:
        runs.cancel(settings(), run_id, current_user.email)
    except ScintiloopError as error:
        flash(said(error), "problem")
    return redirect(url_for("runs.show", run_id=run_id))
