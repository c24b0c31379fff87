"""Whole-body files made on the spot: DICOM with the header that is asked for, pictures, and their list."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid

NAME = "MAIER^ANNA"
PATIENT_ID = "4711-MAIER"
STUDY_UID = "1.2.276.0.99.1"
VIEW_CODES = {"anterior": "399321004", "posterior": "399001007"}


def view_code(projection: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = VIEW_CODES[projection], "SCT", "Projection"
    return code


def detector(projection: str | None) -> Dataset:
    item = Dataset()
    if projection:
        item.ViewCodeSequence = [view_code(projection)]
    return item


def body(frames: int = 2, rows: int = 1024, columns: int = 256, seed: int = 0) -> NDArray[np.int16]:
    """`(frames, rows, columns)` counts of a Poisson block that stands for a body; each frame differs."""
    counts = np.zeros((frames, rows, columns), dtype=np.int16)
    middle = (slice(None), slice(rows // 8, rows - rows // 8), slice(columns // 4, columns - columns // 4))
    counts[middle] = np.random.default_rng(seed).poisson(8, counts[middle].shape)
    return counts


@pytest.fixture
def counts() -> NDArray[np.int16]:
    return body()


@pytest.fixture
def write_nm(tmp_path: Path) -> Callable[..., Path]:
    """`write_nm(counts, views=…, name=…, **elements)` writes a DICOM NM file; an element given as None is left out."""

    def write(
        counts: NDArray[Any] | None = None,
        views: tuple[str | None, ...] = ("anterior", "posterior"),
        name: str = "wb.dcm",
        syntax: UID = ExplicitVRLittleEndian,
        **elements: object,
    ) -> Path:
        pixels = body(len(views)) if counts is None else counts
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = NuclearMedicineImageStorage, generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID, dataset.SOPInstanceUID = NuclearMedicineImageStorage, meta.MediaStorageSOPInstanceUID
        dataset.Modality, dataset.ImageType = "NM", ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
        dataset.PatientName, dataset.PatientID, dataset.StudyInstanceUID = NAME, PATIENT_ID, STUDY_UID
        dataset.PatientBirthDate, dataset.StudyDate, dataset.PatientSex = "19500301", "20240331", "F"
        dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
        dataset.PixelSpacing = [2.26, 2.26]
        dataset.DetectorInformationSequence = [detector(view) for view in views]
        dataset.DetectorVector = list(range(1, len(views) + 1))
        dataset.PixelData = pixels.tobytes()
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        if syntax != ExplicitVRLittleEndian:
            dataset.compress(syntax)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path)
        return path

    return write


@pytest.fixture
def write_picture(tmp_path: Path) -> Callable[..., Path]:
    """`write_picture(name, pixels)` saves a picture in the format that its name says."""

    def write(name: str, pixels: NDArray[Any] | None = None, mode: str | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Picture.fromarray(np.full((1024, 256), 255, dtype=np.uint8) if pixels is None else pixels)
        (picture.convert(mode) if mode else picture).save(path)
        return path

    return write


@pytest.fixture
def write_list(tmp_path: Path) -> Callable[..., Path]:
    """`write_list(row, …, header=…)` writes `studies.csv` beside the pictures."""

    def write(*rows: str, header: str = "patient,study,projection,file,window,polarity,pixel_mm") -> Path:
        path = tmp_path / "studies.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def pydicom_scan() -> Callable[[str], Path]:
    """The real bone scan inside the installed pydicom package, by file name; nothing is fetched."""

    def find(name: str) -> Path:
        path = pydicom.data.get_testdata_file(name, download=False)
        assert path is not None
        return Path(str(path))

    return find
