"""What the pages and the API show and do, for those who may."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.jobs import runs
from backend.records import Check, Figure, Verdict
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import ChampionChange, DatasetVersion, Evaluation, ModelVersion
from backend.web.shown import difference, duration, figure

DATASET = "d" * 64
OLD, NEW = "a" * 12, "b" * 12
FIGURE = {"value": 0.704, "low": 0.62, "high": 0.781, "n": 24}


@pytest.fixture
def dataset(settings: Settings) -> str:
    with open_session(settings) as session:
        session.add(DatasetVersion(id=DATASET, manifest={"members": []}))
    return DATASET


@pytest.fixture
def models(settings: Settings, dataset: str) -> None:
    """A champion with a report, and a challenger that the gate holds."""
    with open_session(settings) as session:
        for model in (OLD, NEW):
            card = {"architecture": {"encoder": "resnet18"}} if model == NEW else {}
            session.add(ModelVersion(id=model, weights_sha256="0" * 64, card=card, code_version="1"))
        session.flush()
        session.add(ChampionChange(model_id=OLD, action="promote", by="scintiloop"))
        page = blobs_of(settings).put(b"<!doctype html><h1>Evaluation</h1>")
        session.add(Evaluation(model_id=OLD, dataset_id=dataset, report={}, scores_sha256="0" * 64, html_sha256=page))
    run_id = runs.request_run(settings, "engineer", dataset)
    dice = {"metastasis": {"challenger": FIGURE, "champion": FIGURE, "difference": FIGURE}}
    figure = Figure(*FIGURE.values())
    checks = (
        Check("no_loss", "hold", "low > -0.020", figure, "metastasis", reason="A loss is not excluded."),
        Check("slice", "not judged", "high ≥ -0.050", figure, "metastasis", ("site", "A")),
    )
    outcome = runs.Outcome(NEW, Verdict("hold", "Lesion Dice is not better.", {}, checks), dice, OLD)
    runs.finish(settings, run_id, runs.claim(settings, run_id) or 0, outcome)


@pytest.fixture
def engineer(log_in: Callable[[str], Any]) -> Any:
    return log_in("engineer")


def test_the_loop_is_counted(engineer: Any, add_study: Any, add_reader: Any, add_reading: Any) -> None:
    images = [add_study(f"s{number}")["anterior"] for number in range(3)]
    readers = [add_reader("first", 1), add_reader("second", 2)]
    add_reading(readers[0], images[0])
    for reader in readers:
        add_reading(reader, images[1])
    standing = engineer.get("/api/status").json["standing"]
    assert (standing["studies"], standing["readings"], standing["champion"]) == (3, 3, None)
    assert standing["projections"] == {"waiting": 5, "adjudicate": 1, "agreed": 0, "adjudicated": 0, "excluded": 0}


def test_services_are_listed_by_their_names(engineer: Any) -> None:
    names = [service["name"] for service in engineer.get("/api/status").json["services"]]
    assert {"broker", "worker", "worker_gpu", "scheduler", "ml_backend", "web", "label_studio"} <= set(names)


def test_the_agreement_names_studies_by_token_and_never_the_patient(engineer: Any, add_study: Any) -> None:
    add_study("tok3n", patient="Meier, Anna")
    page = engineer.get("/agreement").text
    assert "tok3n" in page
    assert "Meier" not in page


def test_a_run_is_shown_with_its_curve(engineer: Any, settings: Settings, dataset: str) -> None:
    run_id = runs.request_run(settings, "engineer", dataset)
    attempt = runs.claim(settings, run_id) or 0
    runs.advance(settings, run_id, attempt, {"phase": "outlines", "step": 1, "steps": 9, "loss": 0.5, "dice": None})
    shown = engineer.get(f"/api/runs/{run_id}?points=1").json
    assert (shown["state"], shown["progress"]["step"], len(shown["points"])) == ("running", 1, 1)
    assert "points" not in engineer.get(f"/api/runs/{run_id}").json
    assert "Cancel" in engineer.get(f"/runs/{run_id}").text


def test_a_run_is_cancelled_by_its_button(engineer: Any, settings: Settings, dataset: str) -> None:
    run_id = runs.request_run(settings, "engineer", dataset)
    reply = engineer.post(f"/runs/{run_id}/cancel", on=f"/runs/{run_id}")
    assert reply.status_code == 302
    assert runs.find(settings, run_id).state == "cancelled"
    again = engineer.post(f"/runs/{run_id}/cancel", on="/runs")
    assert "it is cancelled" in engineer.get(again.headers["Location"]).text


def test_retraining_without_a_reference_says_what_is_missing(engineer: Any) -> None:
    engineer.post("/runs", on="/runs")
    assert "there is no reference to freeze yet" in engineer.get("/runs").text


def test_retraining_without_a_broker_is_a_failed_run_with_the_reason(
    engineer: Any,
    settings: Settings,
    passwords: Any,
    add_study: Any,
    add_reading: Any,
    add_reference: Any,
    add_reader: Any,
    box: Any,
) -> None:
    readers = [add_reader("first", 1), add_reader("second", 2)]
    for number in range(3):
        image = add_study(f"s{number}")["anterior"]
        lesion = box(200, 100, 10 + number, 10)
        add_reference(image, [add_reading(reader, image, lesion) for reader in readers], lesion)
    basic = (passwords["engineer"]["email"], passwords["engineer"]["password"])
    reply = engineer.client.post("/api/runs", json={}, auth=basic)
    assert (reply.status_code, list(reply.json)) == (503, ["error"])
    assert "scintiloop up" in reply.json["error"]
    [run] = runs.newest_first(settings)
    assert (run.state, run.error) == ("failed", reply.json["error"])


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"dataset": "nowhere"}, 404, "dataset version nowhere"),
        ({"dataset": 7}, 400, "body: dataset: is 7; give a str"),
        ({"dataset": "dd"}, 400, "the manifest of dataset version dddddddddddd was changed after it was frozen"),
        ({"steps": "many"}, 400, "body: steps: is 'many'; give a int"),
        ({"steps": 0}, 400, "steps"),
        ({"colour": "red"}, 400, "body: colour: is unknown"),
        ({"start": "/etc/passwd"}, 400, "start: is neither champion nor scratch"),
        ({"recipe": "secret"}, 400, "recipe: is 'secret'"),
        ([1], 400, "the body is not a JSON object"),
    ],
    ids=[
        "unknown dataset",
        "wrong type",
        "an edited dataset",
        "words for a number",
        "no step",
        "unknown field",
        "a file",
        "no recipe",
        "a list",
    ],
)
def test_a_bad_wish_to_retrain_names_the_field(
    engineer: Any, dataset: str, passwords: Any, body: object, status: int, words: str
) -> None:
    basic = (passwords["engineer"]["email"], passwords["engineer"]["password"])
    reply = engineer.client.post("/api/runs", json=body, auth=basic)
    assert reply.status_code == status
    assert words in reply.json["error"]


def test_models_are_listed_with_verdict_dice_and_report(engineer: Any, models: None) -> None:
    page = engineer.get("/models").text
    for words in (
        OLD,
        NEW,
        "Lesion Dice is not better.",
        "0.704 (0.620 to 0.781), n\u00a0=\u00a024",
        "Evaluation report",
    ):
        assert words in page
    listed = {model["model"]: model for model in engineer.get("/api/models").json["models"]}
    assert listed[OLD]["champion"]
    assert listed[NEW]["verdict"] == "hold"


def test_a_model_has_a_page_with_what_the_gate_looked_at_and_where_it_comes_from(engineer: Any, models: None) -> None:
    page = engineer.get(f"/models/{NEW}").text
    for words in ("What the gate looked at", "site: A", "low &gt; -0.020", "not judged", "Where it comes from", OLD):
        assert words in page
    assert "are missing; restore them from a backup" in page, "nobody stored these weights"
    assert engineer.get("/models/nowhere").status_code == 404


def test_two_models_beside_each_other_are_not_measured_by_a_page(engineer: Any, models: None) -> None:
    page = engineer.get(f"/models/{NEW}/difference?to={OLD}").text
    assert f"scintiloop models diff {NEW} {OLD}" in page
    assert "resnet18" in page
    assert engineer.get(f"/models/{NEW}/difference").status_code == 404


def test_a_report_is_served_where_it_can_do_nothing(engineer: Any, models: None) -> None:
    reply = engineer.get(f"/models/{OLD}/report.html")
    assert reply.text == "<!doctype html><h1>Evaluation</h1>"
    assert reply.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert f'src="/models/{OLD}/report.html"' in engineer.get(f"/models/{OLD}/report").text
    assert engineer.get(f"/models/{NEW}/report").status_code == 404


def test_a_model_nobody_compared_is_not_promoted(engineer: Any, models: None) -> None:
    engineer.post(f"/models/{NEW}/promote", on="/models", reason="I like it")
    page = engineer.get("/models").text
    assert "was not judged against the champion" in page
    assert engineer.get("/api/status").json["standing"]["champion"] == OLD


def test_a_promotion_is_taken_back_and_its_history_stays(engineer: Any, models: None) -> None:
    engineer.post("/models/rollback", on="/models", reason="it misses ribs")
    assert engineer.get("/api/status").json["standing"]["champion"] is None
    assert [one["action"] for one in engineer.get("/api/models").json["champions"]] == ["rollback", "promote"]
    assert "it misses ribs" in engineer.get("/models").text


@pytest.mark.parametrize("path", ["/runs/nowhere", "/api/runs/nowhere", "/api/nowhere", "/nowhere"])
def test_what_does_not_exist_is_said_plainly(engineer: Any, path: str) -> None:
    reply = engineer.get(path)
    assert reply.status_code == 404
    assert "nowhere" in (reply.json["error"] if path.startswith("/api") else reply.text + "nowhere")


def test_figures_are_written_with_interval_and_n() -> None:
    assert figure(FIGURE) == "0.704 (0.620 to 0.781), n\u00a0=\u00a024"
    assert difference(FIGURE | {"value": 0.1, "low": -0.05, "high": None}) == "+0.100, n\u00a0=\u00a024"
    assert figure(None) == figure({"value": None, "low": None, "high": None, "n": 0}) == "–"
    assert [duration(seconds) for seconds in (None, 12.3, 200, 3900)] == ["–", "12 s", "3 min 20 s", "1 h 05 min"]
