"""A phantom study as the DICOM nuclear-medicine file that a camera with two heads would send."""

import io
from datetime import date

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid

from backend.phantom.cohort import PhantomStudy
from backend.records import PROJECTIONS, Projection, Visit
from converters.grid import GRID_COLUMNS, GRID_ROWS

VIEWS: dict[Projection, tuple[str, str]] = {
    "anterior": (codes.cid26.AnteriorProjection.value, "Anterior"),
    "posterior": (codes.cid26.PosteriorProjection.value, "Posterior"),
}


def dicom_bytes(study: PhantomStudy) -> bytes:
    """One whole-body file of two frames, the detectors' views told by code; the patient is a pseudonym throughout."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = NuclearMedicineImageStorage
    for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(dataset, name, generate_uid(entropy_srcs=[name, study.visit.study]))
    dataset.Modality, dataset.Manufacturer = "NM", "Scintiloop phantom"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    dataset.StudyDescription = "Whole body bone, simulated"
    _put_visit(dataset, study.visit)
    _put_detectors(dataset)
    _put_pixels(dataset, study)
    file = io.BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _put_visit(dataset: Dataset, visit: Visit) -> None:
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate = visit.patient, "", ""
    dataset.PatientSex = visit.sex or "O"
    dataset.PatientAge = f"{int(visit.age or 0):03d}Y"
    day = (visit.date or date(1970, 1, 1)).strftime("%Y%m%d")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "120000"
    dataset.StudyID, dataset.AccessionNumber = visit.study[-16:], ""
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.DeidentificationMethod = "Simulated: no person"
    dataset.PatientIdentityRemoved = "YES"


def _put_detectors(dataset: Dataset) -> None:
    dataset.NumberOfDetectors, dataset.DetectorVector = len(PROJECTIONS), [1, 2]
    dataset.NumberOfEnergyWindows, dataset.EnergyWindowVector = 1, [1, 1]
    dataset.FrameIncrementPointer = [0x00540010, 0x00540020]
    detectors = []
    for projection in PROJECTIONS:
        view, detector = Dataset(), Dataset()
        view.CodeValue, view.CodeMeaning = VIEWS[projection]
        view.CodingSchemeDesignator = "SCT"
        detector.CollimatorType, detector.ViewCodeSequence = "PARA", [view]
        detectors.append(detector)
    dataset.DetectorInformationSequence = detectors


def _put_pixels(dataset: Dataset, study: PhantomStudy) -> None:
    images = [study.projections[projection] for projection in PROJECTIONS]
    frames = np.stack([image.counts for image in images]).astype("<u2")
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = len(frames), GRID_ROWS, GRID_COLUMNS
    dataset.PixelSpacing = [images[0].pixel_mm, images[0].pixel_mm]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.CountsAccumulated = int(frames.sum(dtype=np.int64))
    dataset.PixelData = frames.tobytes()
