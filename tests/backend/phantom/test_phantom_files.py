import csv
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from backend.errors import InputError
from backend.phantom.cohort import PhantomStudy, cohort
from backend.phantom.files import Order, write_cohort
from backend.phantom.preset import DEMO
from backend.phantom.readers import read
from backend.scans.dicom import read_dicom
from backend.scans.listed import load_listed
from backend.scans.studies_csv import read_studies_csv
from backend.scans.windows import render
from converters.grid import GRID_SHAPE
from converters.label_studio import read_export
from converters.labelme import read_labelme
from converters.rasterise import draw

ORDER = Order(DEMO, studies=2, seed=5)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_cohort(folder, ORDER, render)
    return folder


def test_dicom_files_hold_the_counts_of_both_projections(written: Path) -> None:
    for study in cohort(DEMO, 2, seed=5):
        scans = read_dicom(written / f"dicom/{study.visit.study}.dcm", lambda purpose, identifier: identifier)
        assert {scan.projection for scan in scans} == set(study.projections)
        for scan in scans:
            image = study.projections[scan.projection]
            assert scan.counts is not None
            assert np.array_equal(scan.counts, image.counts)
            assert scan.pixel_mm == image.pixel_mm


def test_dicom_files_name_nobody(written: Path) -> None:
    for path in (written / "dicom").iterdir():
        dataset = pydicom.dcmread(path)
        assert str(dataset.PatientName) == ""
        assert dataset.PatientID.startswith("phantom-")


@pytest.mark.parametrize(("name", "rows"), [("studies.csv", 8), ("dicom.csv", 4)])
def test_both_lists_can_be_ingested_and_say_who_has_metastases(written: Path, name: str, rows: int) -> None:
    images, errors = read_studies_csv(written / name)
    assert not errors
    assert len(images) == rows
    scans = list(load_listed(images))
    expected = {study.visit.study: study.visit for study in cohort(DEMO, 2, seed=5)}
    assert len(scans) == 4
    for scan in scans:
        assert not isinstance(scan, InputError)
        assert scan.visit == expected[scan.visit.study]


def test_truth_masks_are_black_and_white_and_the_cohorts_own(written: Path) -> None:
    for study in cohort(DEMO, 2, seed=5):
        for projection, image in study.projections.items():
            for label, mask in image.truth.items():
                path = written / f"truth/{study.visit.study}_{projection}.{label}.png"
                assert np.array_equal(np.asarray(Image.open(path)), np.where(mask, 255, 0))


def test_a_readers_labelme_and_label_studio_files_give_the_same_masks(written: Path) -> None:
    for reader in (0, 1):
        folder = written / f"readers/reader-{reader + 1}"
        document = json.loads((folder / "label-studio.json").read_text("utf-8"))
        submissions, problems = read_export(document, "label-studio.json")
        assert not problems
        for study, submission in zip(cohort(DEMO, 2, seed=5), submissions, strict=True):
            reading = read(study, reader, 5)
            for projection, regions in reading.items():
                labelme = read_labelme((folder / f"labelme/{study.visit.study}_{projection}.json").read_bytes(), "file")
                assert submission.completed_by == reader + 1
                assert (written / "images" / Path(labelme.image_path).name).is_file()
                drawings = [
                    draw(r, GRID_SHAPE).masks for r in (regions, labelme.regions, submission.regions[projection])
                ]
                for label in ("metastasis", "bladder"):
                    assert np.array_equal(drawings[0][label], drawings[1][label])
                    assert np.array_equal(drawings[0][label], drawings[2][label])


def test_the_same_order_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path / "again", ORDER, render)
    files = sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file())
    assert files == sorted(
        path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()
    )
    assert all((written / file).read_bytes() == (tmp_path / "again" / file).read_bytes() for file in files)


def test_the_list_carries_no_column_that_ingest_does_not_know(written: Path) -> None:
    with (written / "studies.csv").open(encoding="utf-8", newline="") as file:
        assert {"patient", "study", "projection", "file", "metastasis"} <= set(next(csv.reader(file)))


def test_a_folder_with_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="not empty"):
        write_cohort(tmp_path, ORDER, render)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        pytest.param(Order(DEMO, 0, 1), "studies", id="no studies"),
        pytest.param(Order(DEMO, 1, -1), "seed", id="negative seed"),
        pytest.param(Order(DEMO, 1, 1, readers=-1), "readers", id="negative readers"),
    ],
)
def test_orders_that_make_no_sense_are_refused(tmp_path: Path, order: Order, field: str) -> None:
    with pytest.raises(InputError, match=field):
        write_cohort(tmp_path / "new", order, render)
    assert not list(tmp_path.iterdir())


def test_what_goes_wrong_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(_study: PhantomStudy) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_cohort(tmp_path / "new", ORDER, render, written=stop)
    assert not list(tmp_path.iterdir())
