"""Readers' files from the command line: whole folders, mixed formats, bad ones named."""

import os
from pathlib import Path
from typing import Any

import pytest

from backend.errors import NotFound
from backend.readings.import_files import import_paths
from backend.settings import Settings


def test_a_folder_is_walked_and_a_bad_file_does_not_stop_it(
    settings: Settings, study: dict[str, int], files: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "anna" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(files.labelme(files.LESION))
    (folder / "b.JSON").write_bytes(files.labelme(image="s1_posterior_low.png"))
    (folder / "broken.json").write_bytes(files.labelme(files.LESION)[:-20])
    (folder / "other.json").write_text('{"images": []}')
    (folder / "notes.txt").write_text("not a reading")
    summary = import_paths(settings, [tmp_path], "anna")
    assert (summary["new"], summary["changed"]) == (2, sorted(study.values()))
    assert [Path(entry["file"]).name for entry in summary["errors"]] == ["broken.json", "other.json"]
    assert "neither a Labelme file nor a Label Studio export" in summary["errors"][1]["error"]


def test_a_label_studio_export_needs_no_named_reader(
    settings: Settings, study: dict[str, int], files: Any, tmp_path: Path
) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(files.export(files.task(files.annotation(1), files.annotation(2, completed_by=12))))
    assert import_paths(settings, [path])["new"] == 4


def test_a_labelme_file_does(settings: Settings, study: dict[str, int], files: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(files.labelme())
    (error,) = import_paths(settings, [tmp_path])["errors"]
    assert "name the reader" in error["error"]


def test_the_newer_file_counts_though_it_is_imported_first(
    settings: Settings, study: dict[str, int], files: Any, tmp_path: Path, what_counts: Any
) -> None:
    for name, minutes, content in (("a", 5, files.labelme(files.LESION)), ("b", 1, files.labelme(files.BLADDER))):
        (tmp_path / f"{name}.json").write_bytes(content)
        os.utime(tmp_path / f"{name}.json", (files.at(minutes).timestamp(),) * 2)
    import_paths(settings, [tmp_path / "a.json"], "anna")
    before = what_counts()
    assert import_paths(settings, [tmp_path / "b.json"], "anna") | {"errors": []} == {
        "new": 1, "repeated": 0, "passed_over": 0, "changed": [], "errors": []
    }  # fmt: skip
    assert what_counts() == before


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_path_that_cannot_be_read_is_named(
    settings: Settings, study: dict[str, int], tmp_path: Path, name: str
) -> None:
    summary = import_paths(settings, [tmp_path / name], "anna")
    assert [entry["file"] for entry in summary["errors"]] == ([str(tmp_path / name)] if name != "." else [])


def test_an_unknown_format_asked_for_by_name_is_refused_by_file(
    settings: Settings, study: dict[str, int], files: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_bytes(files.labelme())
    (error,) = import_paths(settings, [tmp_path], "anna", "label-studio")["errors"]
    assert "no Label Studio export" in error["error"]


def test_an_unknown_reader_stops_before_anything_is_read(settings: Settings, study: dict[str, int]) -> None:
    with pytest.raises(NotFound, match="cleo"):
        import_paths(settings, [], "cleo")
