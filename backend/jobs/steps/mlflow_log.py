"""Tells an MLflow server of a finished run, where one is set: recipe, curve, figures, verdict; of patients nothing."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend.errors import ServiceError, SettingsError
from backend.jobs import runs
from backend.jobs.mlflow_server import Logged, Metric, MlflowServer
from backend.jobs.run_log import note
from backend.jobs.steps.model_difference import card_parts
from backend.jobs.steps.verdict import evaluation_of
from backend.promotion.registry import find_model
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Evaluation, ModelVersion, Run

EXPERIMENT = "scintiloop"
OF_THE_CURVE = ("loss", "dice", "bladder_dice", "learning_rate", "memory_mb", "data_share")
OF_THE_LABELS = ("dice", "pooled_dice")
ENDS = {"value": "", "low": ".low", "high": ".high"}


def log_run(settings: Settings, run_id: str) -> str | None:
    """Logs a finished run; returns MLflow's id of it, None where no server is set or it does not do its part.

    A server that is away fails no run: the run's log says so.
    """
    if not settings.mlflow_url:
        return None
    try:
        logged = MlflowServer(settings.mlflow_url, _token(settings)).log(EXPERIMENT, describe(settings, run_id))
    except (ServiceError, SettingsError) as error:
        note(settings, run_id, str(error))
        return None
    note(settings, run_id, f"logged in MLflow as {logged}")
    return logged


def describe(settings: Settings, run_id: str) -> Logged:
    """What MLflow is told: numbers, hashes and names of settings alone."""
    run = runs.find(settings, run_id)
    with open_session(settings) as session:
        model = find_model(session, str(run.model_id))
    evaluation = evaluation_of(settings, model.id, run.dataset_id)
    ended = run.ended or run.created
    return Logged(
        f"run {run.id}",
        _milliseconds(run.started or run.created),
        _milliseconds(ended),
        {name: str(value) for name, value in card_parts(model.card).items()},
        [*_curve(run), *_figures(run, evaluation)],
        _tags(run, model),
    )


def _token(settings: Settings) -> str | None:
    """Raises: SettingsError: the file cannot be read."""
    if settings.mlflow_token_file is None:
        return None
    try:
        return settings.mlflow_token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"mlflow_token_file cannot be read: {error.strerror}; mend it") from None


def _tags(run: Run, model: ModelVersion) -> dict[str, str]:
    verdict = run.verdict or {}
    lineage = model.card.get("lineage") or {}
    told = {
        "run": run.id,
        "dataset": run.dataset_id,
        "model": model.id,
        "champion": verdict.get("champion"),
        "start": lineage.get("version") or lineage.get("start"),
        "verdict": verdict.get("name"),
        "reason": verdict.get("reason"),
        "code_version": model.code_version,
        "closed_data": str(bool(model.card.get("closed_data"))).lower(),
    }
    return {f"scintiloop.{name}": str(value) for name, value in told.items() if value}


def _curve(run: Run) -> Iterator[Metric]:
    for point in run.points:
        for name in OF_THE_CURVE:
            yield from _metric(f"train.{name}", point.get(name), int(point["step"]))


def _figures(run: Run, evaluation: Evaluation | None) -> Iterator[Metric]:
    """The test figures with their intervals, and the paired differences to the champion."""
    report = evaluation.report if evaluation else {}
    for label, row in report.get("labels", {}).items():
        for name in OF_THE_LABELS:
            yield from _figure(f"test.{label}.{name}", row.get(name))
    for name, figure in report.get("patients", {}).items():
        yield from _figure(f"test.patients.{name}", figure)
    for label, row in (run.verdict or {}).get("dice", {}).items():
        yield from _figure(f"test.{label}.difference", row.get("difference"))


def _figure(key: str, figure: dict[str, Any] | None) -> Iterator[Metric]:
    for end, suffix in ENDS.items():
        yield from _metric(f"{key}{suffix}", (figure or {}).get(end))


def _metric(key: str, value: float | None, step: int = 0) -> Iterator[Metric]:
    if value is not None and math.isfinite(value):
        yield Metric(key, float(value), step)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
