from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import RLELossless
from sqlalchemy import func, select

from backend.errors import ScanError
from backend.labelstudio.layout import file_name
from backend.records import ScanImage, Visit
from backend.scans.gather import gather
from backend.scans.normalise import to_grid
from backend.scans.register import RegisteredStudy, is_sequestered, register
from backend.scans.windows import render
from backend.settings import Settings
from backend.store.blobs import blobs_of, vault_of
from backend.store.images import find_images, load_counts, load_grid_image
from backend.store.session import open_session
from backend.store.tables import Base, Image, Patient, Study

Write = Callable[..., Path]


def ingest(settings: Settings, *paths: Path, studies: Path | None = None) -> list[RegisteredStudy | ScanError]:
    return list(register(settings, gather(paths, studies, settings)))


def statuses(outcomes: list[RegisteredStudy | ScanError]) -> list[str]:
    return [one.status if isinstance(one, RegisteredStudy) else "error" for one in outcomes]


def content(settings: Settings) -> dict[str, Any]:
    """How many rows each table has, and every file of both blob stores."""
    with open_session(settings) as session:
        rows = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
    folders = (blobs_of(settings).folder, vault_of(settings).folder)
    return rows | {"files": sorted(file.name for folder in folders for file in folder.rglob("*") if file.is_file())}


def test_a_file_becomes_a_study_with_two_images_counts_and_sub_images(
    write_nm: Write, settings: Settings, counts: NDArray[np.int16]
) -> None:
    path = write_nm(counts)
    (study,) = ingest(settings, path)
    assert isinstance(study, RegisteredStudy)
    assert (study.status, study.projections) == ("new", ("anterior", "posterior"))
    with open_session(settings) as session:
        row = session.scalars(select(Study)).one()
        assert (row.token, row.age, row.patient.sex) == (study.token, 74.1, "F")
        for frame, image in enumerate(row.images):
            stored = load_counts(blobs_of(settings), image)
            assert stored is not None
            assert (stored == counts[frame]).all()
            scan = ScanImage(Visit("p", "s"), "anterior", stored, {}, 2.26, "")
            expected, found = to_grid(scan), load_grid_image(blobs_of(settings), image)
            assert (found.transform, found.pixel_mm) == (expected.transform, 2.26)
            assert all((found.sub_images[window] == grey).all() for window, grey in expected.sub_images.items())
            assert vault_of(settings).get(image.source_sha256) == path.read_bytes()


def test_the_same_file_twice_changes_nothing(write_nm: Write, settings: Settings) -> None:
    path = write_nm()
    ingest(settings, path)
    before = content(settings)
    assert statuses(ingest(settings, path)) == ["unchanged"]
    assert content(settings) == before


def test_the_same_image_in_another_file_adds_only_its_names(
    write_nm: Write, settings: Settings, counts: NDArray[np.int16]
) -> None:
    ingest(settings, write_nm(counts))
    before = content(settings)
    assert statuses(ingest(settings, write_nm(counts, name="again.dcm", syntax=RLELossless))) == ["updated"]
    after = content(settings)
    assert after["images"] == before["images"]
    assert after["image_names"] == before["image_names"] + 4


@pytest.mark.parametrize("order", [("d.csv", "r.csv"), ("r.csv", "d.csv")], ids=["counts first", "renderings first"])
def test_renderings_of_known_counts_are_the_same_image(
    write_nm: Write,
    write_picture: Write,
    settings: Settings,
    counts: NDArray[np.int16],
    tmp_path: Path,
    order: list[str],
) -> None:
    write_nm(counts[:1], ("anterior",))
    for window, grey in render(counts[0].astype(np.float32)).items():
        write_picture(f"{window}.png", grey)
    header = "patient,study,projection,file,window,pixel_mm"
    (tmp_path / "d.csv").write_text(f"{header}\np,s,anterior,wb.dcm,,2.26\n")
    (tmp_path / "r.csv").write_text(f"{header}\np,s,anterior,low.png,low,2.26\np,s,anterior,high.png,high,2.26\n")
    assert [statuses(ingest(settings, studies=tmp_path / name)) for name in order] == [["new"], ["updated"]]
    with open_session(settings) as session:
        assert session.scalars(select(Image.counts_sha256)).one() is not None
        assert all(find_images(session, settings, name) for name in ("wb.dcm", "low.png", "high.png"))


def test_other_content_for_a_known_projection_is_refused_by_name(
    write_nm: Write, settings: Settings, counts: NDArray[np.int16]
) -> None:
    ingest(settings, write_nm(counts))
    before = {name: number for name, number in content(settings).items() if name != "files"}
    outcomes = ingest(settings, write_nm(counts + 1, name="other.dcm"))
    assert statuses(outcomes) == ["error", "error"]
    assert "other.dcm" in str(outcomes[0])
    assert {name: number for name, number in content(settings).items() if name != "files"} == before


def test_the_other_projection_may_come_later(write_nm: Write, settings: Settings, counts: NDArray[np.int16]) -> None:
    assert statuses(ingest(settings, write_nm(counts[:1], ("anterior",), name="a.dcm"))) == ["new"]
    assert statuses(ingest(settings, write_nm(counts[1:], ("posterior",), name="p.dcm"))) == ["updated"]
    assert content(settings)["studies"] == 1


def test_a_late_reference_fills_in_and_a_contradiction_is_refused(
    write_picture: Write, write_list: Write, settings: Settings
) -> None:
    write_picture("x.png")
    header = "patient,study,projection,file,metastasis"
    ingest(settings, studies=write_list("p,s,anterior,x.png,", header=header))
    assert statuses(ingest(settings, studies=write_list("p,s,anterior,x.png,1", header=header))) == ["updated"]
    (error,) = ingest(settings, studies=write_list("p,s,anterior,x.png,0", header=header))
    assert isinstance(error, ScanError)
    assert error.field == "metastasis"
    with open_session(settings) as session:
        assert session.scalars(select(Study.metastasis)).one() is True


def test_nothing_of_the_patient_is_in_the_database_or_the_open_store(write_nm: Write, settings: Settings) -> None:
    ingest(settings, write_nm(name="MAIER/Anna.dcm", PatientID="HOSPITAL-4711").parent)
    files = [*blobs_of(settings).folder.rglob("*"), *settings.home.glob("scintiloop.db*")]
    for file in files:
        assert "MAIER" not in str(file)
        assert file.is_dir() or not any(
            word in file.read_bytes() for word in (b"MAIER", b"Anna", b"HOSPITAL-4711", b"1.2.276")
        )


def test_membership_of_the_test_set_is_the_patients_and_close_to_its_share(write_nm: Write, settings: Settings) -> None:
    ingest(settings, write_nm(), write_nm(name="later.dcm", StudyInstanceUID="1.2.276.0.99.2", StudyDate="20240901"))
    with open_session(settings) as session:
        patient = session.scalars(select(Patient)).one()
        assert patient.sequestered == is_sequestered(settings, patient.pseudonym)
        assert patient.split == ("test" if patient.sequestered else None)
        assert len(patient.studies) == 2
    assert 150 < sum(is_sequestered(settings, str(number)) for number in range(1000)) < 250


def test_an_image_is_found_by_its_path_first_then_by_its_last_part(
    write_picture: Write, write_list: Write, settings: Settings
) -> None:
    for name, grey in (("one/a.png", 1), ("two/a.png", 2)):
        write_picture(name, np.full((20, 10), grey, dtype=np.uint8))
    listed = write_list("p,one,anterior,one/a.png,,,", "p,two,anterior,two\\a.png,,,")
    tokens = [study.token for study in ingest(settings, studies=listed) if isinstance(study, RegisteredStudy)]

    def found(name: str) -> list[tuple[str, str]]:
        with open_session(settings) as session:
            return [(image.study.identifier, space) for image, space in find_images(session, settings, name)]

    assert found("one/a.png") == found(".\\one\\a.png") == found("./one/a.png") == [("one", "source")]
    assert found("../data/a.png") == [("one", "source"), ("two", "source")]
    assert found(file_name(tokens[1], "anterior", "high")) == [("two", "grid")]
    assert found("One/A.png") == []


def test_one_bad_file_leaves_the_rest_of_the_folder(write_nm: Write, settings: Settings, tmp_path: Path) -> None:
    write_nm(name="scans/b.dcm")
    (tmp_path / "scans" / "a.dcm").write_bytes(b"rubbish")
    (tmp_path / "scans" / "notes.txt").write_text("not looked at")
    assert statuses(ingest(settings, tmp_path / "scans")) == ["error", "new"]


def test_a_listed_dicom_file_is_read_once_as_the_list_says(
    write_nm: Write, write_list: Write, settings: Settings, tmp_path: Path
) -> None:
    write_nm(views=(None,))
    listed = write_list("p,s,posterior,wb.dcm,,,")
    (study,) = ingest(settings, tmp_path, studies=listed)
    assert isinstance(study, RegisteredStudy)
    assert (study.patient, study.projections) == ("p", ("posterior",))


def test_paths_choose_from_the_list(write_picture: Write, write_list: Write, settings: Settings) -> None:
    chosen, _ = write_picture("a.png"), write_picture("b.png")
    listed = write_list("p,one,anterior,a.png,,,", "p,two,anterior,b.png,,,")
    (study,) = ingest(settings, chosen, studies=listed)
    assert isinstance(study, RegisteredStudy)
    assert study.study == "one"
    assert len(ingest(settings, listed, studies=listed)) == 2


@pytest.mark.parametrize("name", ["empty", "absent.dcm", "x.png"])
def test_a_path_without_a_scan_is_an_error(settings: Settings, write_picture: Write, tmp_path: Path, name: str) -> None:
    write_picture("x.png")
    (tmp_path / "empty").mkdir()
    (error,) = ingest(settings, tmp_path / name)
    assert name in str(error)


def test_progress_counts_every_image_and_file(write_nm: Write, settings: Settings, tmp_path: Path) -> None:
    write_nm(name="scans/a.dcm")
    write_nm(name="scans/b.dcm", PatientID="other")
    seen: list[tuple[int, int]] = []
    list(gather([tmp_path / "scans"], None, settings, lambda done, total: seen.append((done, total))))
    assert seen == [(1, 2), (2, 2)]


def test_a_file_that_changes_while_it_is_read_leaves_nothing_behind(
    write_nm: Write, settings: Settings, counts: NDArray[np.int16]
) -> None:
    path = write_nm(counts)
    scans = list(gather([path], None, settings))
    path.write_bytes(b"something else")
    outcomes = list(register(settings, scans))
    assert statuses(outcomes) == ["error", "error"]
    assert content(settings)["files"] == []
    with open_session(settings) as session:
        assert session.scalars(select(Image)).all() == []
