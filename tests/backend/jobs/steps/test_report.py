"""A model's evaluation: kept, made again to the digit, put beside the champion, and written down."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.datasets.freeze import freeze
from backend.errors import InputError, NotFound, WrongState
from backend.evaluation.report import build_report
from backend.jobs.steps.examine import examine
from backend.jobs.steps.promote import promote
from backend.jobs.steps.report import FILES, evaluation_report, full_report, report_file
from backend.jobs.steps.verdict import evaluation_of, scores_of
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.weights import pack
from backend.promotion.registry import store_model
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import AuditEntry, Evaluation


@pytest.fixture
def dataset(trainable: Settings) -> str:
    return freeze(trainable).id


@pytest.fixture
def add_model(trainable: Settings) -> Callable[..., str]:
    """Keeps a model of random weights that outlines at the given probability."""

    def add(metastasis: float = 0.5) -> str:
        card = {"thresholds": {"crop": 0.0, "metastasis": metastasis, "bladder": 0.9}, "lineage": {"start": "scratch"}}
        with open_session(trainable) as session:
            trained = pack(build(Architecture.named(PACKAGE_ENCODER)), card)
            return store_model(session, blobs_of(trainable), trained, None, None, "0.1.0").id

    return add


def _looks(settings: Settings) -> int:
    with open_session(settings) as session:
        return session.scalar(select(func.count(Evaluation.id))) or 0


def test_the_stored_report_is_that_of_the_stored_scores(
    trainable: Settings, dataset: str, add_model: Callable[..., str]
) -> None:
    made = examine(trainable, add_model(), dataset, by="engineer")
    kept = evaluation_of(trainable, made.model_id, dataset)
    assert kept
    again = build_report(scores_of(trainable, kept), kept.model_id, dataset, looks=1)
    assert json.dumps(again, sort_keys=True) == json.dumps(kept.report, sort_keys=True)
    assert kept.report["n"] == {"patients": 4, "positive_patients": 2, "projections": 4}
    assert kept.report["slices"][0]["kind"] == "sex"


def test_a_second_evaluation_is_no_second_look(
    trainable: Settings, dataset: str, add_model: Callable[..., str]
) -> None:
    model = add_model()
    first, second = (evaluation_report(trainable, model, by="engineer") for _ in range(2))
    assert first == second
    assert _looks(trainable) == 1
    with open_session(trainable) as session:
        assert list(session.scalars(select(AuditEntry.action))).count("test set looked at") == 1


def test_an_evaluation_in_an_older_format_is_made_anew(
    trainable: Settings, dataset: str, add_model: Callable[..., str]
) -> None:
    model, page = add_model(), blobs_of(trainable).put(b"<!doctype html>the page of then")
    older = Evaluation(model_id=model, dataset_id=dataset, report={}, scores_sha256="0" * 64, html_sha256=page)
    with open_session(trainable) as session:
        session.add(older)
    assert report_file(trainable, older, "report.html") == b"<!doctype html>the page of then"
    with pytest.raises(NotFound, match=f"scintiloop evaluate {model}"):
        report_file(trainable, older, "report.pdf")
    assert evaluation_report(trainable, model, by="engineer")["looks"] == 2


def test_everything_that_a_report_is_written_as_is_in_the_folder(
    trainable: Settings, dataset: str, add_model: Callable[..., str], tmp_path: Path
) -> None:
    said = evaluation_report(trainable, add_model(), tmp_path / "new" / "folder", by="engineer")
    written = {path.name: path.read_bytes() for path in (tmp_path / "new" / "folder").iterdir()}
    assert written.keys() == FILES.keys()
    assert json.loads(written["report.json"]) == said
    assert written["report.html"].startswith(b"<!doctype html>")
    assert written["report.html"].count(b"data:image/png;base64,") == 4
    assert written["report.pdf"].startswith(b"%PDF")
    assert written["model-card.md"].startswith(b"# Model card: ")
    assert json.loads(written["model-card.json"])["thresholds"]["metastasis"] == 0.5
    with pytest.raises(NotFound, match=r"report\.xlsx"):
        report_file(trainable, evaluation_of(trainable, said["model"], dataset) or Evaluation(), "report.xlsx")


def test_the_report_stands_beside_the_champion_of_now(
    trainable: Settings, dataset: str, add_model: Callable[..., str]
) -> None:
    first, second = add_model(0.3), add_model(0.6)
    alone = evaluation_report(trainable, first, by="engineer")["gate"]
    assert (alone["champion"], alone["serving"]) == (None, False)
    assert alone["reason"].startswith("There is no champion yet.")
    promote(trainable, first, by="engineer")
    beside = evaluation_report(trainable, second, by="engineer")["gate"]
    assert beside["champion"] == first
    assert beside["verdict"] in {"promote", "hold", "reject"}
    assert set(beside["differences"]) >= {"metastasis", "bladder"}
    assert beside["checks"]
    serving = evaluation_report(trainable, None, by="engineer")
    assert serving["model"] == first
    assert serving["gate"]["serving"]
    assert serving["gate"]["verdict"] is None
    assert "the gate was not asked" in serving["gate"]["reason"]


def test_a_champion_that_was_not_evaluated_on_the_same_cases_is_not_compared(
    trainable: Settings, dataset: str, add_model: Callable[..., str]
) -> None:
    champion, other = add_model(0.3), add_model(0.6)
    promote(trainable, champion, by="engineer")
    evaluation = examine(trainable, other, dataset, by="engineer")
    gate = full_report(trainable, evaluation)["gate"]
    assert (gate["champion"], gate["verdict"], gate["differences"]) == (champion, None, {})
    assert "was not evaluated on this dataset version" in gate["reason"]


def test_without_a_dataset_version_there_is_nothing_to_evaluate_on(
    trainable: Settings, add_model: Callable[..., str]
) -> None:
    with pytest.raises(WrongState, match="scintiloop dataset freeze"):
        evaluation_report(trainable, add_model(), by="engineer")


def test_a_dataset_version_without_test_patients_cannot_judge(
    settings: Settings,
    add_study: Callable[..., dict[str, int]],
    add_reader: Callable[..., int],
    add_reading: Callable[..., int],
    add_reference: Callable[..., int],
    box: Callable[..., object],
) -> None:
    image = add_study("s", projections=("anterior",))["anterior"]
    readings = [add_reading(add_reader(name, number), image) for number, name in enumerate(("one", "two"), start=1)]
    add_reference(image, readings, box(200, 100, 10, 10))
    with open_session(settings) as session:
        trained = pack(build(Architecture.named(PACKAGE_ENCODER)), {"thresholds": {}})
        model = store_model(session, blobs_of(settings), trained, None, None, "0.1.0").id
    with pytest.raises(InputError, match="no test case"):
        examine(settings, model, freeze(settings).id, by="engineer")
