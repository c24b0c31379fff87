"""Training runs: the list, the form that starts one, one run as it goes on, cancel."""

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from backend.errors import ScintiloopError
from backend.jobs import runs
from backend.jobs.run_log import shown
from backend.jobs.run_samples import kept_samples, samples_folder
from backend.jobs.steps.start import start_training
from backend.web.guard import only, settings
from backend.web.reports import latest_report
from backend.web.run_form import Filled, filled, offers
from backend.web.run_live import live, options
from backend.web.run_news import asked_by, news
from backend.web.words import said

pages = Blueprint("runs", __name__, url_prefix="/runs")
pages.add_app_template_filter(asked_by)


@pages.get("")
@only("engineer")
def index() -> str:
    return _list(Filled())


@pages.post("")
@only("engineer")
def start() -> AnyResponse | tuple[str, int]:
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


@pages.get("/news")
@only("engineer")
def show_news() -> str:
    """The part of the page of runs that opens masks, and so comes after the rest."""
    return render_template("run_news.html", found=news(settings()))


@pages.get("/<run_id>")
@only("engineer")
def show(run_id: str) -> str:
    run = runs.find(settings(), run_id)
    report = run.model_id is not None and latest_report(settings(), run.model_id) is not None
    now = live(settings(), run, after=0)
    return render_template("run.html", run=runs.show(run), now=now, options=options(run), report=report)


@pages.get("/<run_id>/live")
@only("engineer")
def follow(run_id: str) -> Response:
    """`?after=STEP` leaves out the points of the curve that are known."""
    after = request.args.get("after", 0, type=int)
    return jsonify(live(settings(), runs.find(settings(), run_id), after))


@pages.get("/<run_id>/samples/<name>")
@only("engineer")
def sample(run_id: str, name: str) -> Response:
    """A picture of a validation case; only what the run's listing names is sent."""
    kept = kept_samples(settings(), runs.find(settings(), run_id).id)
    if kept is None or name not in {one["name"] for one in kept["pictures"]}:
        abort(404)
    return send_from_directory(samples_folder(settings(), run_id).absolute(), name, mimetype="image/png")


@pages.get("/<run_id>/log")
@only("engineer")
def log(run_id: str) -> Response:
    lines = shown(settings(), runs.find(settings(), run_id).id)
    headers = {"Content-Disposition": f"attachment; filename=run-{run_id}.log"}
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain", headers=headers)


@pages.post("/<run_id>/cancel")
@only("engineer")
def cancel(run_id: str) -> AnyResponse:
    try:
        runs.cancel(settings(), run_id, current_user.email)
    except ScintiloopError as error:
        flash(said(error), "problem")
    return redirect(url_for("runs.show", run_id=run_id))
