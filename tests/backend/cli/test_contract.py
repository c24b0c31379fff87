"""The JSON of every command: keys may be added, none may be missing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

FIGURE = {"value", "low", "high", "n"}
PROPORTION = {*FIGURE, "k"}
LABELS = ("metastasis", "bladder")
BURDEN = {"bstbi", "lesion_area_cm2", "lesions", "sub_images", "complete"}


def each_label(shape: object) -> dict[str, object]:
    return dict.fromkeys(LABELS, shape)


CONTRACT: dict[str, object] = {
    "phantom": {"studies": (12,), "seed": (3,)},
    "ingest": {
        "studies": [{"patient": ..., "study": ..., "projections": [("anterior", "posterior")], "status": ("new",)}],
        "errors": ([],),
    },
    "worklist export": {"reader": ("reader 1",), "directory": ..., "images": (24,), "assisted": (0,)},
    "readings import": {"new": (24,), "repeated": (0,), "passed_over": (0,), "errors": ([],)},
    "agreement": {
        "projections": [
            {
                "study": ...,
                "projection": ("anterior", "posterior"),
                "status": ("waiting", "agreed", "adjudicate", "adjudicated", "excluded"),
            }
        ],
        "pairs": [
            {
                "study": ...,
                "projection": ("anterior", "posterior"),
                "readers": (["reader 1", "reader 2"],),
                "labels": each_label({"dice"}),
                "lesions": {"matched": ..., "only": [...]},
                "patient_call_differs": (True, False),
            }
        ],
        "by_exposure": {"blind and blind": each_label({"dice": FIGURE})},
    },
    "dataset freeze": {
        "id": ...,
        "members": [
            {
                "patient": ...,
                "study": ...,
                "projection": ("anterior", "posterior"),
                "split": ("train", "validation", "test"),
                "reference_sha256": ...,
                "exposure": (["blind", "blind"],),
            }
        ],
    },
    "retrain": {
        "run": ...,
        "state": ("done",),
        "model": ...,
        "dataset": ...,
        "verdict": ("promote", "hold", "reject"),
        "reason": ...,
        "dice": each_label({"challenger": FIGURE, "champion": FIGURE, "difference": FIGURE}),
    },
    "models promote": {"champion"},
    "evaluate": {
        "model": ...,
        "dataset": ...,
        "n": {"patients": (4,), "projections": ...},
        "labels": each_label({"dice": FIGURE, "pooled_dice": FIGURE}),
        "patients": {
            "auc": FIGURE,
            **dict.fromkeys(("sensitivity", "specificity", "accuracy", "ppv", "npv"), PROPORTION),
        },
        "by_age": [{"group": ...}],
        "readers": dict.fromkeys(
            ("reader 1", "reader 2"),
            each_label({"dice_to_model": FIGURE, "dice_to_reference": FIGURE, "contributed": (True, False)}),
        ),
        "between_readers": each_label({"dice": FIGURE}),
        "bstbi": {"mean_absolute_error": FIGURE},
    },
    "predict": {
        "model": ...,
        "results": [{"file": ..., "projection": ("anterior", "posterior"), "regions": ..., "burden": BURDEN}],
        "studies": [{"study": ..., "burden": BURDEN}],
        "errors": ([],),
    },
}


@pytest.mark.parametrize("command", CONTRACT)
def test_a_command_prints_what_is_promised(command: str, tour: Any, holds: Callable[..., None]) -> None:
    holds(tour.said[command], CONTRACT[command])


def test_nothing_has_a_champion_to_differ_from_at_first(tour: Any) -> None:
    assert [row["champion"] for row in tour.said["first retrain"]["dice"].values()] == [None, None]
    assert tour.said["first retrain"]["verdict"] == "hold", "two steps teach nothing, and the floor says so"
    assert "below the floor" in tour.said["first retrain"]["reason"]


def test_a_run_is_shown_as_it_was_when_it_ended(tour: Any) -> None:
    run = tour.said["retrain"]
    assert tour.json("runs", "show", run["run"]) == run
    newest_first = [one["run"] for one in tour.json("runs")["runs"]]
    assert newest_first[-2:] == [run["run"], tour.said["first retrain"]["run"]]


def test_one_model_is_called_alike_by_every_command(tour: Any) -> None:
    model = tour.said["models promote"]["champion"]
    assert {tour.said[name]["model"] for name in ("first retrain", "evaluate", "predict")} == {model}
    document = tour.json("models")
    listed = {one["model"]: one["champion"] for one in document["models"]}
    [change] = document["champions"]
    assert (change["model"], change["action"], change["reason"]) == (model, "promote", None)
    assert change["by"]
    assert listed == {model: True, tour.said["retrain"]["model"]: False}


def test_model_versions_are_compared_on_the_same_cases(tour: Any, holds: Callable[..., None]) -> None:
    document = tour.json("models", "diff", tour.said["retrain"]["model"], tour.said["first retrain"]["model"])
    holds(
        document,
        {
            "a": {"model"},
            "b": {"model"},
            "differences": each_label(FIGURE),
            "figures": each_label({"a": FIGURE, "b": FIGURE, "difference": FIGURE}),
            "checks": [{"check", "label", "slice", "figure", "requires", "outcome", "passed", "reason"}],
            "training": {"shared": ..., "added": ([],), "removed": ([],), "redrawn": ([],)},
            "architecture": ([],),
        },
    )
    assert document["training"]["shared"] > 0, "both learned from one dataset version"
    assert {one["name"]: (one["a"], one["b"]) for one in document["recipe"]}["steps"] == (1, 2)


def test_a_model_version_is_followed_down_to_the_readings(tour: Any, holds: Callable[..., None]) -> None:
    newest, first = tour.said["retrain"], tour.said["first retrain"]
    document = tour.json("models", "lineage", newest["model"])
    holds(
        document,
        {
            "model": (newest["model"],),
            "weights_sha256": ...,
            "card_sha256": ...,
            "changed": (None,),
            "chain": [{"model", "run", "recipe", "dataset", "start", "start_weights_sha256"}],
            "references": [{"study", "projection", "split", "reference_sha256", "status", "rule", "readings"}],
        },
    )
    assert [link["model"] for link in document["chain"]] == [newest["model"], first["model"]]
    assert [link["run"]["run"] for link in document["chain"]] == [newest["run"], first["run"]]
    assert document["chain"][0]["start_weights_sha256"].startswith(first["model"])
    readings = [reading for one in document["references"] for reading in one["readings"]]
    assert {reading["reader"] for reading in readings} == {"reader 1", "reader 2"}
    assert document["readings"]["readings"] == len(readings) == 2 * len(document["references"])
    frozen = tour.said["dataset freeze"]["members"]
    learned = {one["reference_sha256"] for one in frozen if one["split"] != "test"}
    assert {one["reference_sha256"] for one in document["references"]} == learned
    words = tour.run("models", "lineage", newest["model"]).output
    assert "Both are as they were stored." in words
    assert not any(one["patient"] in words for one in frozen)


def test_what_is_predicted_are_outlines_in_the_pixels_of_the_file(tour: Any, holds: Callable[..., None]) -> None:
    regions = [region for one in tour.said["predict"]["results"] for region in one["regions"]]
    holds(regions, [{"label": LABELS, "score": ..., "points": [[...]], "holes": ...}])
    assert all(0 <= column <= 256 and 0 <= row <= 1024 for region in regions for column, row in region["points"])


def test_the_same_references_give_the_same_dataset_version(tour: Any) -> None:
    frozen = tour.said["dataset freeze"]
    assert tour.json("dataset", "freeze") == frozen
    assert [one["id"] for one in tour.json("dataset", "list")["datasets"]] == [frozen["id"]]
    assert {tour.said["retrain"]["dataset"], tour.said["evaluate"]["dataset"]} == {frozen["id"]}


def test_a_dataset_version_is_exported_into_a_new_folder_alone(tour: Any, tmp_path: Any) -> None:
    identifier = tour.said["dataset freeze"]["id"]
    exported = tour.json("dataset", "export", identifier[:8], tmp_path / "out")
    assert exported["members"] == len(tour.said["dataset freeze"]["members"])
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert "not an empty folder" in tour.json("dataset", "export", identifier, tmp_path / "out", status=1)["error"]


def test_the_report_is_written_as_json_and_as_one_page(tour: Any) -> None:
    folder = tour.scans.parent / "report"
    assert json.loads((folder / "report.json").read_text()) == tour.said["evaluate"]
    assert (folder / "report.html").read_text().lstrip().lower().startswith("<!doctype html")


def test_services_are_listed_by_name_without_any_of_them(shell: Any) -> None:
    services = shell.json("status")["services"]
    names = ["broker", "worker", "worker_gpu", "scheduler", "ml_backend", "web", "label_studio"]
    assert [one["name"] for one in services] == names
    assert all({"name", "url", "state", "pid"} <= one.keys() for one in services)
    assert shell.json("accounts") == {"accounts": []}


@pytest.mark.parametrize("words", ["runs", "models", "agreement", "dataset list", "status", "accounts"])
def test_words_and_json_both_end_well_in_an_empty_home(words: str, shell: Any) -> None:
    assert shell.run(*words.split()).exit_code == 0
    shell.json(*words.split())


@pytest.mark.parametrize(
    "words",
    ["runs", "models", "agreement --exposure", "dataset list", "dataset freeze", "evaluate"],
)
def test_words_name_what_the_json_holds(words: str, tour: Any) -> None:
    result = tour.run(*words.split())
    assert result.exit_code == 0, result.output
    assert result.stdout.strip()
    assert not result.stderr
