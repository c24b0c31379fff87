"""The folder of a reader who draws in Labelme."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.errors import NotFound, Refused
from backend.readings.import_files import import_paths
from backend.records import PROJECTIONS, Exposure, LabelMasks, Prediction
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Assignment, Reading
from backend.worklist.assign import assign
from backend.worklist.labelme_folder import export
from backend.worklist.repeats import put_in_repeats
from converters.labelme import read_labelme, write_labelme
from converters.regions import Polygon, Region

SQUARE = Polygon(((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)))


def suggest(image_id: int) -> Prediction:
    nothing = np.zeros((1024, 256), bool)
    return Prediction("model-1", LabelMasks(nothing, nothing), (Region("metastasis", SQUARE, 0.9),), {}, {})


def no_model(image_id: int) -> None:
    return None


class AssistedOnA:
    def pair(self, study_token: str, *, blind: bool) -> tuple[Exposure, Exposure]:
        return ("assisted", "blind") if study_token == "a" else ("blind", "assisted")

    def in_control_arm(self, study_token: str) -> bool:
        return False


@pytest.fixture
def assigned(settings: Settings, add_study: Callable[..., Any], add_reader: Callable[..., int]) -> None:
    add_study("a")
    add_study("b")
    add_reader("anna", 1)
    assign(settings, AssistedOnA())


def shown(settings: Settings) -> dict[str, str | None]:
    with open_session(settings) as session:
        return {entry.study.token: entry.shown_model for entry in session.query(Assignment)}


def regions_in(path: Path) -> int:
    return len(read_labelme(path.read_bytes(), path.name).regions)


@pytest.mark.usefixtures("assigned")
def test_outlines_lie_beside_assisted_images_only_and_are_remembered(settings: Settings, tmp_path: Path) -> None:
    summary = export(settings, "anna", tmp_path / "out", suggest)
    assert (summary["images"], summary["assisted"]) == (4, 2)
    found = {path.stem: regions_in(path) for path in (tmp_path / "out").glob("*.json")}
    assert found == {"a_anterior_low": 1, "a_posterior_low": 1, "b_anterior_low": 0, "b_posterior_low": 0}
    assert shown(settings) == {"a": "model-1", "b": None}
    blind = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("b_*.json")]
    assert not any("score" in text or "model" in text for text in blind)


@pytest.mark.usefixtures("assigned")
def test_images_lie_in_the_folder_and_the_order_in_a_list(settings: Settings, tmp_path: Path) -> None:
    export(settings, "anna", tmp_path / "out", suggest)
    order = (tmp_path / "out" / "worklist.txt").read_text().split()
    assert all((tmp_path / "out" / name).is_file() for name in order)
    assert len(order) == 4
    assert len(list((tmp_path / "out" / "high").glob("*_high.png"))) == 4


@pytest.mark.usefixtures("assigned")
def test_without_a_model_nothing_is_shown(settings: Settings, tmp_path: Path) -> None:
    assert export(settings, "anna", tmp_path / "out", no_model)["assisted"] == 0
    assert shown(settings) == {"a": None, "b": None}


@pytest.mark.usefixtures("assigned")
def test_what_comes_back_has_its_exposure_and_untouched_files_are_no_readings(
    settings: Settings, tmp_path: Path
) -> None:
    export(settings, "anna", tmp_path / "out", suggest)
    for name in ("a_anterior_low", "b_anterior_low"):
        drawn = write_labelme([Region("bladder", SQUARE)], f"{name}.png", 1024, 256)
        (tmp_path / "out" / f"{name}.json").write_bytes(drawn)
    summary = import_paths(settings, [tmp_path / "out"], "anna")
    assert (summary["new"], summary["passed_over"], summary["errors"]) == (2, 2, [])
    with open_session(settings) as session:
        seen = {(row.image.study.token, row.exposure, row.shown_model) for row in session.query(Reading)}
    assert seen == {("a", "assisted", "model-1"), ("b", "blind", None)}


@pytest.mark.usefixtures("assigned")
def test_a_suggestion_confirmed_by_its_flag_is_a_reading(settings: Settings, tmp_path: Path) -> None:
    export(settings, "anna", tmp_path / "out", suggest)
    path = tmp_path / "out" / "a_anterior_low.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["flags"]["read"] = True
    path.write_text(json.dumps(document), encoding="utf-8")
    assert import_paths(settings, [path], "anna")["new"] == 1


@pytest.mark.usefixtures("assigned")
def test_what_has_been_read_is_not_given_again(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "done.json"
    path.write_bytes(write_labelme([], "a_anterior_low.png", 1024, 256))
    import_paths(settings, [path], "anna")
    assert export(settings, "anna", tmp_path / "out", suggest)["images"] == 3
    assert not (tmp_path / "out" / "a_anterior_low.png").exists()


@pytest.mark.usefixtures("assigned")
def test_a_folder_with_something_in_it_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "work.json").write_text("hours of work")
    with pytest.raises(Refused, match="not an empty folder"):
        export(settings, "anna", tmp_path, suggest)
    assert shown(settings) == {"a": None, "b": None}


@pytest.mark.usefixtures("assigned")
def test_a_model_that_fails_leaves_no_half_folder(settings: Settings, tmp_path: Path) -> None:
    def fails(image_id: int) -> Prediction:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        export(settings, "anna", tmp_path / "out", fails)
    assert [path for path in tmp_path.iterdir() if path.name != "home"] == []


@pytest.mark.usefixtures("assigned")
def test_a_hidden_repeat_lies_in_the_folder_as_any_blind_case_and_comes_back_known_for_one(
    settings: Settings, tmp_path: Path
) -> None:
    often = settings.model_copy(update={"repeat_share": 0.999, "repeat_days": 0.0})
    for projection in PROJECTIONS:
        first = tmp_path / f"{projection}.json"
        first.write_bytes(write_labelme([], f"b_{projection}_low.png", 1024, 256))
        import_paths(settings, [first], "anna")
    assert put_in_repeats(often) == 1
    assert export(settings, "anna", tmp_path / "out", suggest)["images"] == 4
    [alias] = {path.name.split("_")[0] for path in (tmp_path / "out").glob("*.png")} - {"a"}
    assert {path.name for path in (tmp_path / "out").glob("b_*")} == set()
    path = tmp_path / "out" / f"{alias}_anterior_low.json"
    assert regions_in(path) == 0
    document = json.loads(path.read_text(encoding="utf-8"))
    other = json.loads((tmp_path / "out" / "a_anterior_low.json").read_text(encoding="utf-8"))
    assert document.keys() == other.keys()
    document["flags"]["read"] = True
    path.write_text(json.dumps(document), encoding="utf-8")
    assert import_paths(settings, [path], "anna")["new"] == 1
    with open_session(settings) as session:
        assert [(row.image_id, row.exposure) for row in session.query(Reading).filter(Reading.repeat)] == [(3, "blind")]
    assert export(settings, "anna", tmp_path / "again", suggest)["images"] == 3


@pytest.mark.usefixtures("assigned")
def test_an_unknown_reader_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'cleo'"):
        export(settings, "cleo", tmp_path / "out", suggest)
