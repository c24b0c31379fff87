"""The public bone scan NM1, as it lies in the installed pydicom package and beside this checkout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backend.errors import ScanError
from backend.measures.burden import BurdenView, study_burden
from backend.records import LabelMasks, ScanImage
from backend.scans.gather import gather
from backend.scans.normalise import to_grid
from backend.settings import Settings
from converters.grid import GRID_SHAPE

LOSSY = ("JPEG2000.dcm", "JPEG-lossy.dcm", "JPGExtended.dcm")
LOSSLESS = ("NM1_RLE.dcm", "NM1_JPEG_LOSSLESS.dcm")


@pytest.fixture(params=[*LOSSY, *LOSSLESS])
def real_scan(request: pytest.FixtureRequest, tmp_path: Path, pydicom_scan: Callable[[str], Path]) -> Path:
    name: str = request.param
    lossy = name in LOSSY
    source = pydicom_scan(name) if lossy else request.getfixturevalue("shared_fixtures") / "dicom" / name
    path = tmp_path / name
    path.write_bytes(source.read_bytes())
    return path


def ingested(scan: Path, write_list: Callable[..., Path], settings: Settings) -> ScanImage | ScanError:
    listed = write_list(f"p,s,anterior,{scan.name}", header="patient,study,projection,file")
    (found,) = gather([], listed, settings)
    return found


def test_it_goes_from_file_to_grid_to_burden(
    real_scan: Path, write_list: Callable[..., Path], settings: Settings
) -> None:
    scan = ingested(real_scan, write_list, settings)
    assert isinstance(scan, ScanImage)
    assert scan.counts is not None
    assert scan.counts.min() == 0
    assert scan.counts.sum() == pytest.approx(3_596_452, rel=0.05)
    assert (scan.visit.sex, scan.pixel_mm) == ("M", 2.26)
    grid = to_grid(scan)
    assert grid.transform.is_identity
    hot = grid.sub_images["low"] == 0
    masks = LabelMasks(hot, np.zeros(GRID_SHAPE, dtype=bool))
    burden = study_burden([BurdenView("anterior", grid.sub_images, masks, grid.pixel_mm)])
    assert burden.bstbi is not None
    assert 0 < burden.bstbi < 1
    assert burden.lesion_area_cm2 == pytest.approx(hot.sum() * 0.226**2)
    assert (burden.sub_images, burden.complete) == (2, False)


def test_lossless_syntaxes_give_every_count(
    real_scan: Path, write_list: Callable[..., Path], settings: Settings
) -> None:
    scan = ingested(real_scan, write_list, settings)
    assert isinstance(scan, ScanImage)
    assert scan.counts is not None
    assert (scan.counts.sum() == 3_596_452) == (real_scan.name in LOSSLESS)


def test_it_does_not_tell_its_projection_so_the_list_must(real_scan: Path, settings: Settings) -> None:
    (error,) = gather([real_scan], None, settings)
    assert isinstance(error, ScanError)
    assert "studies.csv" in str(error)


def test_cut_short_it_is_refused(real_scan: Path, write_list: Callable[..., Path], settings: Settings) -> None:
    content = real_scan.read_bytes()
    real_scan.write_bytes(content[: int(len(content) * 0.8)])
    assert isinstance(ingested(real_scan, write_list, settings), ScanError)
