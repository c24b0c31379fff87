"""One training run from its dataset version to a judged challenger; runs in the training child."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from backend import __version__
from backend.datasets.check import check_blobs, check_version
from backend.datasets.freeze import find
from backend.datasets.load import load_samples
from backend.errors import InputError
from backend.jobs import runs
from backend.jobs.peers import team_of
from backend.jobs.run_log import note
from backend.jobs.steps.examine import examine
from backend.jobs.steps.mlflow_log import log_run
from backend.jobs.steps.promote import promote
from backend.jobs.steps.starts import DAY_ONE, SCRATCH
from backend.jobs.steps.verdict import compare, dice_rows
from backend.jobs.teller import Teller
from backend.model.card import card_inside
from backend.model.day_one import day_one_model
from backend.model.networks import Architecture
from backend.model.weights import TrainedModel
from backend.promotion import registry
from backend.promotion.gate import judge
from backend.promotion.whole import weights_of
from backend.records import Split
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Run
from backend.training.checkpoint import drop_damaged
from backend.training.loop import Watch, train
from backend.training.recipe import Recipe, recipe_for
from backend.training.sampling import Sample
from backend.training.start import StartWeights
from backend.training.team import Team


def run_training(settings: Settings, run_id: str, attempt: int, cancelled: Callable[[], bool]) -> None:
    """Trains, stores, evaluates and judges; goes on from the run's checkpoint where there is one.

    Raises:
        Cancelled: `cancelled()` said so; the checkpoint stays.
        ScintiloopError: the data, the start or an option cannot be used; says which.
    """
    run = runs.find(settings, run_id)
    folder = _folder(settings, run_id)
    teller = Teller(settings, run_id, attempt)
    _look_before(settings, run, folder)
    watch: Watch = {"report": teller.tell, "cancelled": cancelled, "samples": teller.show}
    with team_of(settings, run_id, folder) as team:
        trained = _train(settings, run, team, watch)
    teller.tell_evaluation()
    outcome = _judge(settings, run, _store(settings, run, trained))
    if runs.finish(settings, run_id, attempt, outcome):
        shutil.rmtree(folder, ignore_errors=True)
        log_run(settings, run_id)
        if settings.auto_promote and outcome.verdict.name == "promote":
            promote(settings, outcome.model, by="scintiloop", role="automatic")


def _look_before(settings: Settings, run: Run, folder: Path) -> None:
    """All data are read once before the first step, so that none fails the run after an hour."""
    dataset = find(settings, run.dataset_id)
    check_version(settings, dataset)
    check_blobs(settings, dataset, by=f"run {run.id}")
    if drop_damaged(folder):
        note(settings, run.id, "the checkpoint is damaged; training begins anew, which gives the same weights")


def share_training(settings: Settings, run_id: str, team: Team) -> None:
    """The steps of a run that another process leads; returns when they are done."""
    _train(settings, runs.find(settings, run_id), team, {})


def _train(settings: Settings, run: Run, team: Team, watch: Watch) -> TrainedModel:
    start, folder = _start(settings, run), _folder(settings, run.id)
    samples, validation = (_samples(settings, run, side) for side in ("train", "validation"))
    return train(samples, validation, _recipe(settings, run, start), folder=folder, start=start, team=team, **watch)


def _folder(settings: Settings, run_id: str) -> Path:
    return settings.home / "runs" / run_id


def _samples(settings: Settings, run: Run, side: Split) -> list[Sample]:
    members = load_samples(settings, run.dataset_id, side, by=f"run {run.id}")
    return [Sample(member.sub_images, member.masks, member.visit.patient) for member in members]


def _recipe(settings: Settings, run: Run, start: StartWeights | None) -> Recipe:
    encoder = run.options.get("encoder") or (Architecture.from_card(start.card).encoder if start else None)
    steps = run.options.get("steps")
    chosen = settings.model_copy(update={"train_steps": steps}) if steps else settings
    return recipe_for(chosen, name=run.options.get("recipe", "default"), encoder=encoder)


def _start(settings: Settings, run: Run) -> StartWeights | None:
    """The weights that the run's options name; None for `scratch`.

    Raises:
        InputError: they are not those that the run was asked for with; no model of that encoder comes along.
        NotFound: the model version or its weights are missing.
    """
    wanted, blobs = str(run.options.get("start", SCRATCH)), blobs_of(settings)
    if wanted == SCRATCH:
        return None
    if wanted == DAY_ONE:
        return _day_one(run.options.get("encoder"))
    if sha256 := run.options.get("start_weights"):
        weights = blobs.get(sha256)
        if hashlib.sha256(weights).hexdigest() != sha256:
            raise InputError("the weights were changed since the run was asked for; ask for it again", field="start")
        return StartWeights(weights, card_inside(weights), source=wanted)
    with open_session(settings) as session:
        model = registry.find_model(session, wanted)
    return StartWeights(weights_of(blobs, model), model.card, model.id)


def _day_one(encoder: str | None) -> StartWeights:
    came_along = day_one_model(encoder)
    if came_along is None:
        raise InputError("no day-one model of this encoder comes along; start from scratch", field="start")
    return StartWeights(came_along.weights, came_along.card, source=DAY_ONE)


def _store(settings: Settings, run: Run, trained: TrainedModel) -> str:
    with open_session(settings) as session:
        return registry.store_model(session, blobs_of(settings), trained, run.id, run.dataset_id, __version__).id


def _judge(settings: Settings, run: Run, model_id: str) -> runs.Outcome:
    """Challenger and present champion on the same sequestered cases."""
    with open_session(settings) as session:
        champion = registry.champion(session)
    other = champion.id if champion and champion.id != model_id else None
    if not any(member["split"] == "test" for member in find(settings, run.dataset_id).manifest["members"]):
        return runs.Outcome(model_id, judge([], None, settings.gate_rules), {}, other)
    by = f"run {run.id}"
    ours = examine(settings, model_id, run.dataset_id, by=by)
    theirs = examine(settings, other, run.dataset_id, by=by) if other else None
    verdict = compare(settings, ours, theirs)
    return runs.Outcome(model_id, verdict, dice_rows(ours, theirs, verdict), other)
