"""Scans from files to studies and to predictions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from sqlalchemy import select

from backend.settings import load_settings
from backend.store.blobs import blobs_of
from backend.store.readings import reading_masks
from backend.store.session import open_session
from backend.store.tables import Reader, Reading, Study
from converters.labelme import read_labelme
from converters.regions import LABELS

SEQUESTERED = "frozen test set"


def scans_of(tour: Any, split: str) -> list[str]:
    """Names of the studies on one side of the frozen dataset version."""
    members = tour.said["dataset freeze"]["members"]
    return sorted({one["study"] for one in members if one["split"] == split})


def one_image(tour: Any, study: str) -> tuple[str | Path, ...]:
    """The words that name one image of the list."""
    return ("--studies", tour.scans / "studies.csv", tour.scans / "images" / f"{study}_anterior_low.png")


def by_name(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("words", ["{scans}/studies.csv", "{scans}", "{scans} --studies {scans}/studies.csv"])
def test_ingesting_again_changes_nothing_however_the_list_is_named(words: str, tour: Any) -> None:
    studies = tour.json("ingest", *words.format(scans=tour.scans).split())["studies"]
    assert [one["status"] for one in studies] == ["unchanged"] * 12


def test_a_folder_of_dicom_files_is_read_both_frames_of_each(tour: Any, shell: Any) -> None:
    studies = shell.json("ingest", tour.scans / "dicom")["studies"]
    assert [one["projections"] for one in studies] == [["anterior", "posterior"]] * 12
    names = [one["patient"] for one in tour.said["ingest"]["studies"]]
    assert not any(name in one["patient"] for one in studies for name in names)


def test_the_real_bone_scan_goes_from_its_file_to_its_burden(tour: Any, tmp_path: Path) -> None:
    source = Path(str(pydicom.data.get_testdata_file("JPEG2000.dcm", download=False)))
    (tmp_path / "scan.dcm").write_bytes(source.read_bytes())
    (tmp_path / "studies.csv").write_text("patient,study,projection,file\nreal,one,anterior,scan.dcm\n")
    answer = tour.run("predict", tmp_path, "--json")
    document = json.loads(answer.stdout)
    (result,) = document["results"]
    assert (result["projection"], result["burden"]["sub_images"], result["burden"]["complete"]) == (
        "anterior",
        2,
        False,
    )
    assert document["studies"] == [{"patient": "real", "study": "one", "burden": result["burden"]}]
    assert str(pydicom.dcmread(source).PatientName) not in answer.output


def test_a_sequestered_case_is_refused_by_name_through_every_door(tour: Any) -> None:
    study = scans_of(tour, "test")[0]
    listed = sorted((tour.scans / "images").glob(f"{study}_*_low.png"))
    doors = [("--studies", tour.scans / "studies.csv", *listed), (tour.scans / "dicom" / f"{study}.dcm",)]
    for words in doors:
        document = tour.json("predict", *words, status=1)
        assert document["results"] == []
        assert all(SEQUESTERED in one["error"] and study in one["file"] for one in document["errors"])


def test_labelme_files_hold_what_is_predicted_and_open_in_labelme(tour: Any, tmp_path: Path) -> None:
    scan = tour.scans / "dicom" / f"{scans_of(tour, 'train')[0]}.dcm"
    document = tour.json("predict", scan, "--to", "labelme", tmp_path / "out")
    for result in document["results"]:
        file = tmp_path / "out" / f"{scan.stem}.{result['projection']}.json"
        drawn = read_labelme(file.read_bytes(), file.name)
        assert (file.parent / str(drawn.image_path)).is_file()
        assert all(region.suggested for region in drawn.regions)
        assert [[list(point) for point in region.shape.exterior] for region in drawn.regions] == [
            region["points"] for region in result["regions"]
        ]


def test_predicted_outlines_come_back_as_an_assisted_reading_of_the_same_masks(tour: Any, tmp_path: Path) -> None:
    study = scans_of(tour, "train")[0]
    for kind in ("labelme", "masks"):
        tour.json("predict", *one_image(tour, study), "--to", kind, tmp_path / kind)
    shell = type(tour)(tour.environment | {"SCINTILOOP_HOME": str(tmp_path / "home")})
    shell.json("ingest", *one_image(tour, study))
    assert shell.json("readings", "import", tmp_path / "labelme", "--reader", "a")["new"] == 1
    settings = load_settings(home=shell.home)
    with open_session(settings) as session:
        chosen = select(Reading).join(Reader).where(Reader.name == "a")
        readings = {row.image.projection: row for row in session.scalars(chosen)}
        assert {row.exposure for row in readings.values()} == {"assisted"}
        assert session.scalars(select(Study).where(Study.identifier == study)).one()
    for projection, reading in readings.items():
        masks = reading_masks(blobs_of(settings), reading)
        for label in LABELS:
            name = f"{study}_{projection}_low.{projection}.{label}.png"
            assert np.array_equal(np.asarray(Picture.open(tmp_path / "masks" / "images" / name)) > 0, masks[label])


def test_predictions_are_written_alike_twice_and_never_over_something(tour: Any, tmp_path: Path) -> None:
    scan = one_image(tour, scans_of(tour, "train")[0])
    for name in ("once", "twice"):
        tour.json("predict", *scan, "--to", "label-studio", tmp_path / name)
    assert by_name(tmp_path / "once") == by_name(tmp_path / "twice")
    assert "not an empty folder" in tour.json("predict", *scan, "--to", "csv", tmp_path / "once", status=1)["error"]
    assert by_name(tmp_path / "once") == by_name(tmp_path / "twice")
    tour.json("predict", *scan, "--to", "csv", tmp_path / "table")
    assert (tmp_path / "table" / "burden.csv").read_text().startswith("patient,study,bstbi,")


def test_files_of_one_name_keep_their_folders(tour: Any, tmp_path: Path) -> None:
    rows = ["patient,study,projection,file"]
    for folder, study in zip("ab", scans_of(tour, "train")[:2], strict=True):
        (tmp_path / "in" / folder).mkdir(parents=True)
        image = tour.scans / "images" / f"{study}_anterior_low.png"
        (tmp_path / "in" / folder / "scan.png").write_bytes(image.read_bytes())
        rows.append(f"{folder},1,anterior,{folder}/scan.png")
    (tmp_path / "in" / "studies.csv").write_text("\n".join(rows))
    assert not tour.json("predict", tmp_path / "in", "--to", "masks", tmp_path / "out")["errors"]
    assert sorted(by_name(tmp_path / "out")) == [
        f"{folder}/scan.anterior.{label}.png" for folder in "ab" for label in sorted(LABELS)
    ]


def test_files_of_one_name_named_by_themselves_do_not_overwrite_each_other(tour: Any, tmp_path: Path) -> None:
    for folder, study in zip("ab", scans_of(tour, "train")[:2], strict=True):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "scan.dcm").write_bytes((tour.scans / "dicom" / f"{study}.dcm").read_bytes())
    files = [tmp_path / folder / "scan.dcm" for folder in "ab"]
    errors = tour.json("predict", *files, "--to", "masks", tmp_path / "out", status=1)["errors"]
    assert {one["file"] for one in errors} == {str(files[1])}


def test_a_second_image_of_one_projection_is_refused_by_name(tour: Any, tmp_path: Path) -> None:
    scan = tour.scans / "dicom" / f"{scans_of(tour, 'train')[0]}.dcm"
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(scan.read_bytes())
    document = tour.json("predict", scan, copy, status=1)
    assert {one["file"] for one in document["results"]} == {str(scan)}
    assert [one["file"] for one in document["errors"]] == [str(copy)] * 2
    assert all(f"came already, in {scan.name}" in one["error"] for one in document["errors"])


def test_convert_passes_everything_on(tour: Any, tmp_path: Path, capfd: Any) -> None:
    source = tour.scans / "readers" / "reader-1" / "labelme"
    assert tour.run("convert", source, tmp_path / "masks", "--to", "masks").exit_code == 0
    assert len(list((tmp_path / "masks").rglob("*.metastasis.png"))) == 24
    assert tour.run("convert", tmp_path / "nowhere", tmp_path / "masks", "--to", "masks").exit_code == 2
    assert tour.run("convert", source, tmp_path / "seg", "--to", "dicom-seg").exit_code == 2
    capfd.readouterr()
