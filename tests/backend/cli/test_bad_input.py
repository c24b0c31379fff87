"""What cannot be done ends with status 1 and one sentence that says why; never with a traceback."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

BEFORE_ANYTHING = [
    ("ingest nowhere", "nowhere: cannot be read (No such file or directory)"),
    ("ingest {folder}/empty", "holds no DICOM file"),
    ("ingest {folder}/note.txt", "is not a DICOM file"),
    ("ingest {folder}/bad.csv", "missing: projection"),
    ("ingest --studies {folder}/nowhere.csv", "cannot be read"),
    ("readings import nowhere --reader a", "cannot be read"),
    ("readings import {folder}/note.json --reader a", "neither a Labelme file nor a Label Studio export"),
    ("predict {folder}/note.txt", "no model serves yet"),
    ("evaluate", "no model serves yet"),
    ("evaluate nope", "there is no model version 'nope'"),
    ("models promote nope", "there is no model version 'nope'"),
    ("models rollback", "there is no promotion to take back"),
    ("models diff a b", "there is no model version 'a'"),
    ("dataset freeze", "there is no reference to freeze yet"),
    ("dataset freeze --split study", "closed_data = true"),
    ("dataset export nope {folder}/out", "dataset version nope does not exist"),
    ("retrain", "there is no reference to freeze yet"),
    ("retrain --dataset nope", "dataset version nope does not exist"),
    ("runs show nope", "run nope does not exist"),
    ("runs cancel nope", "run nope does not exist"),
    ("worklist export {folder}/full --reader a", "is not an empty folder"),
    ("phantom {folder}/full --studies 1 --seed 1", "is not empty"),
    ("phantom {folder}/new --studies 1 --seed -1", "-1 is no seed"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    (tmp_path / "note.txt").write_text("no scan")
    (tmp_path / "note.json").write_text('{"no": "reading"}')
    (tmp_path / "bad.csv").write_text("patient,study,file\np,s,x.png\n")
    return tmp_path


@pytest.mark.parametrize(("words", "fragment"), BEFORE_ANYTHING, ids=[words for words, _ in BEFORE_ANYTHING])
def test_it_is_one_sentence_on_standard_error(words: str, fragment: str, folder: Path, shell: Any) -> None:
    result = shell.run(*words.format(folder=folder).split())
    assert result.exit_code == 1
    assert fragment in result.stderr
    assert "Traceback" not in result.output
    assert sorted(path.name for path in (folder / "full").iterdir()) == ["note.txt"]


@pytest.mark.parametrize(("words", "fragment"), BEFORE_ANYTHING, ids=[words for words, _ in BEFORE_ANYTHING])
def test_with_json_standard_output_is_one_document_with_the_error(
    words: str, fragment: str, folder: Path, shell: Any
) -> None:
    document = shell.json(*words.format(folder=folder).split(), status=1)
    said = [document["error"]] if "error" in document else [one["error"] for one in document["errors"]]
    assert any(fragment.removeprefix("nowhere: ") in sentence for sentence in said)


@pytest.mark.parametrize(
    ("environment", "fragment"),
    [
        ({"SCINTILOOP_HOME": "{folder}/note.txt"}, "note.txt: File exists"),
        ({"SCINTILOOP_DICE_FLOOR": "7"}, "mend SCINTILOOP_DICE_FLOOR"),
        ({"SCINTILOOP_READERS": "anna"}, "a list is written as JSON"),
        ({"SCINTILOOP_DATABASE_URL": "rubbish"}, "mend SCINTILOOP_DATABASE_URL"),
        ({"SCINTILOOP_DATABASE_URL": "postgresql+psycopg://a:hidden@127.0.0.1:1/b"}, "Connection refused"),
    ],
)
def test_a_home_that_cannot_be_opened_is_one_sentence(
    environment: dict[str, str], fragment: str, folder: Path, shell: Any
) -> None:
    shell.environment.update({name: value.format(folder=folder) for name, value in environment.items()})
    document = shell.json("runs", status=1)
    assert fragment in document["error"]
    assert "hidden" not in document["error"]


def test_a_misspelt_reader_is_refused_once_two_are_known(tour: Any) -> None:
    files = tour.scans / "readers" / "reader-1" / "labelme"
    error = tour.json("readings", "import", files, "--reader", "raeder 1", status=1)["error"]
    assert "the readers are: reader 1, reader 2" in error


def test_without_a_broker_a_run_is_refused_and_kept_as_failed(tour: Any) -> None:
    alone = type(tour)(tour.environment | {"SCINTILOOP_BROKER_URL": "redis://127.0.0.1:1/0"})
    assert "does not answer" in alone.json("retrain", status=1)["error"]
    assert alone.json("runs")["runs"][0]["state"] == "failed"


def test_a_run_that_has_ended_and_the_champion_stay_as_they_are(tour: Any) -> None:
    first = tour.said["first retrain"]
    assert "it is done" in tour.json("runs", "cancel", first["run"], status=1)["error"]
    assert "is the champion already" in tour.json("models", "promote", first["model"], status=1)["error"]


def test_one_bad_file_among_good_ones_is_named_and_the_rest_goes_on(tour: Any, tmp_path: Path) -> None:
    good = next((tour.scans / "readers" / "reader-1" / "labelme").glob("*.json"))
    shutil.copy2(good, tmp_path / "good.json")
    (tmp_path / "stranger.json").write_text(json.dumps(json.loads(good.read_text()) | {"imagePath": "unknown.png"}))
    (tmp_path / "torn.json").write_bytes(good.read_bytes()[:100])
    document = tour.json("readings", "import", tmp_path, "--reader", "reader 1", status=1)
    assert (document["new"], document["repeated"]) == (0, 1)
    assert [Path(one["file"]).name for one in document["errors"]] == ["stranger.json", "torn.json"]
