"""A finished run is told to MLflow by the calls that its REST API documents, and of patients nothing is told."""

import base64
import json
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.jobs import runs
from backend.jobs.mlflow_server import MOST_METRICS, Logged, Metric, MlflowServer
from backend.jobs.run_log import shown
from backend.jobs.steps.mlflow_log import EXPERIMENT, log_run
from backend.records import Figure, Verdict
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Evaluation, ModelVersion

DATASET, MODEL = "d" * 64, "a" * 12


@dataclass
class Tracker:
    """An MLflow server's side of five calls, which refuses what the documentation does not allow."""

    url: str = ""
    experiments: dict[str, str] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizations: set[str | None] = field(default_factory=set)

    def answer(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        call = path.removeprefix("/api/2.0/mlflow/")
        if call == "experiments/get-by-name":
            name = query["experiment_name"][0]
            if name not in self.experiments:
                return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"}
            return 200, {"experiment": {"experiment_id": self.experiments[name], "name": name}}
        if call == "experiments/create":
            self.experiments[body["name"]] = str(len(self.experiments) + 1)
            return 200, {"experiment_id": self.experiments[body["name"]]}
        if call == "runs/create":
            assert body["experiment_id"] in self.experiments.values()
            run_id = f"{len(self.runs):032x}"
            self.runs[run_id] = body | {"metrics": [], "params": {}}
            return 200, {"run": {"info": {"run_id": run_id, "status": "RUNNING"}}}
        return self._of_a_run(call, self.runs[body["run_id"]], body)

    def _of_a_run(self, call: str, run: dict[str, Any], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if call == "runs/log-batch":
            metrics, parameters = body.get("metrics", []), body.get("params", [])
            assert len(metrics) <= 1000
            assert len(parameters) <= 100
            for metric in metrics:
                assert math.isfinite(metric["value"])
                assert isinstance(metric["timestamp"], int)
                assert isinstance(metric["step"], int)
            run["metrics"] += metrics
            for parameter in parameters:
                assert parameter["key"] not in run["params"], "a parameter never changes"
                run["params"][parameter["key"]] = parameter["value"]
            return 200, {}
        assert call == "runs/update"
        run |= body
        return 200, {"run_info": {"status": body["status"]}}

    def metrics(self, run_id: str) -> dict[str, list[tuple[int, float]]]:
        found: dict[str, list[tuple[int, float]]] = {}
        for metric in self.runs[run_id]["metrics"]:
            found.setdefault(metric["key"], []).append((metric["step"], metric["value"]))
        return found


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    kept = Tracker()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            kept.authorizations.add(self.headers.get("Authorization"))
            parts = urlsplit(self.path)
            try:
                status, answer = kept.answer(parts.path, parse_qs(parts.query), body)
            except (AssertionError, KeyError) as error:
                status, answer = 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": str(error)}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield kept
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture
def finished(settings: Settings) -> str:
    """A finished run with a curve, a measured model and a verdict."""
    card = {
        "recipe": {"steps": 9, "loss": {"name": "dice"}},
        "architecture": {"encoder": "resnet18"},
        "lineage": {"start": "model", "version": "b" * 12},
    }
    figure = {"value": 0.7, "low": 0.6, "high": None, "n": 24}
    report = {"labels": {"metastasis": {"dice": figure}}, "patients": {"auc": figure}}
    with open_session(settings) as session:
        session.add(DatasetVersion(id=DATASET, manifest={"members": [{"patient": "Meier", "study": "S-1"}]}))
        session.add(ModelVersion(id=MODEL, weights_sha256="0" * 64, card=card, dataset_id=DATASET, code_version="1"))
        session.flush()
        session.add(
            Evaluation(model_id=MODEL, dataset_id=DATASET, report=report, scores_sha256="0" * 64, html_sha256="0" * 64)
        )
    run_id = runs.request_run(settings, "ada@clinic.example", DATASET, start="b" * 12)
    attempt = runs.claim(settings, run_id) or 0
    for step in (1, 2):
        point = {"step": step, "steps": 9, "loss": 1 / step, "dice": None, "learning_rate": float("nan")}
        runs.advance(settings, run_id, attempt, point)
    dice = {"metastasis": {"challenger": figure, "champion": figure, "difference": figure}}
    outcome = runs.Outcome(MODEL, Verdict("hold", "Not better.", {"metastasis": Figure(0, 0, 0, 1)}), dice, "b" * 12)
    runs.finish(settings, run_id, attempt, outcome)
    return run_id


def told(settings: Settings, tracker: Tracker) -> Settings:
    return settings.model_copy(update={"mlflow_url": tracker.url})


def test_parameters_curve_figures_verdict_and_ids_are_told(settings: Settings, finished: str, tracker: Tracker) -> None:
    logged = log_run(told(settings, tracker), finished)
    assert logged
    run = tracker.runs[logged]
    assert (run["run_name"], run["status"], run["end_time"] >= run["start_time"]) == (
        f"run {finished}",
        "FINISHED",
        True,
    )
    assert run["params"] == {
        "architecture.encoder": "resnet18",
        "recipe.steps": "9",
        "recipe.loss.name": "dice",
    }
    metrics = tracker.metrics(logged)
    assert metrics["train.loss"] == [(1, 1.0), (2, 0.5)]
    assert metrics["test.metastasis.dice"] == [(0, 0.7)]
    assert metrics["test.metastasis.dice.low"] == metrics["test.patients.auc.low"] == [(0, 0.6)]
    assert metrics["test.metastasis.difference"] == [(0, 0.7)]
    assert not metrics.keys() & {"train.dice", "train.learning_rate", "test.metastasis.dice.high"}, (
        "no number, no metric"
    )
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert tags == {
        "scintiloop.run": finished,
        "scintiloop.dataset": DATASET,
        "scintiloop.model": MODEL,
        "scintiloop.champion": "b" * 12,
        "scintiloop.start": "b" * 12,
        "scintiloop.verdict": "hold",
        "scintiloop.reason": "Not better.",
        "scintiloop.code_version": "1",
        "scintiloop.closed_data": "false",
    }
    assert f"logged in MLflow as {logged}" in shown(settings, finished)[-1]


def test_no_patient_and_no_person_is_told(settings: Settings, finished: str, tracker: Tracker) -> None:
    log_run(told(settings, tracker), finished)
    everything = json.dumps(tracker.runs)
    assert not any(name in everything for name in ("Meier", "S-1", "ada"))


def test_every_run_goes_into_one_experiment(settings: Settings, finished: str, tracker: Tracker) -> None:
    first, second = (log_run(told(settings, tracker), finished) for _ in range(2))
    assert first != second
    assert list(tracker.experiments) == [EXPERIMENT]


def test_a_long_curve_is_told_in_as_many_calls_as_it_takes(tracker: Tracker) -> None:
    curve = [Metric("loss", 1.0, step) for step in range(2 * MOST_METRICS + 1)]
    parameters = {f"p{number}": "x" * 9000 for number in range(101)}
    logged = MlflowServer(tracker.url).log("x", Logged("run", 1, 2, parameters, curve, {"reason": "y" * 9000}))
    run = tracker.runs[logged]
    assert [metric["step"] for metric in run["metrics"]] == list(range(2 * MOST_METRICS + 1))
    assert {len(value) for value in run["params"].values()} == {6000}
    assert (len(run["params"]), len(run["tags"][0]["value"])) == (101, 5000)


def test_a_token_or_a_password_goes_along(settings: Settings, finished: str, tracker: Tracker, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    log_run(told(settings, tracker).model_copy(update={"mlflow_token_file": tmp_path / "token"}), finished)
    with_password = tracker.url.replace("http://", "http://ada:s3same@")
    log_run(settings.model_copy(update={"mlflow_url": with_password}), finished)
    assert tracker.authorizations == {"Bearer s3cret", "Basic " + base64.b64encode(b"ada:s3same").decode()}


def test_nobody_is_told_where_no_server_is_set(settings: Settings, finished: str) -> None:
    assert log_run(settings, finished) is None
    assert shown(settings, finished) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://ada:s3same@127.0.0.1:1", "MLflow at 127.0.0.1 does not answer (ConnectionError)"),
        ("no address", "MLflow at an address without a host does not answer (InvalidURL)"),
        ("{tracker}/elsewhere", "MLflow at 127.0.0.1 answers 400 to experiments/get-by-name"),
    ],
    ids=["away", "no address", "something else"],
)
def test_a_server_that_does_not_do_its_part_is_noted_and_fails_no_run(
    settings: Settings, finished: str, tracker: Tracker, url: str, words: str
) -> None:
    chosen = settings.model_copy(update={"mlflow_url": url.format(tracker=tracker.url)})
    assert log_run(chosen, finished) is None
    [line] = shown(settings, finished)
    assert words in line
    assert "mend SCINTILOOP_MLFLOW_URL" in line
    assert "s3same" not in line
    assert runs.find(settings, finished).state == "done"


def test_a_token_file_that_is_not_there_is_noted(settings: Settings, finished: str, tracker: Tracker) -> None:
    chosen = told(settings, tracker).model_copy(update={"mlflow_token_file": Path("nowhere")})
    assert log_run(chosen, finished) is None
    assert "mlflow_token_file cannot be read" in shown(settings, finished)[-1]
