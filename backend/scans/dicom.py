"""DICOM nuclear-medicine whole-body files: one or two frames of counts, and what may be known of the visit."""

import hashlib
import io
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from backend.errors import ScanError
from backend.records import Projection, ScanImage
from backend.scans.decoding import decode_counts, quiet_pydicom
from backend.scans.identity import Pseudonym, visit_of
from backend.scans.projection import projection_of
from backend.scans.sizes import check_size

WHOLE_BODY = "WHOLE BODY"
MOST_FRAMES = 2
TELL_IN_THE_LIST = "list the file in studies.csv with its projection (and its frame, where it holds two)"


def read_dicom(path: Path, pseudonym: Pseudonym) -> list[ScanImage]:
    """The projections of one file: one, or two in whichever order.

    Raises:
        ScanError: the file cannot be read, is no whole-body image, or does not tell a frame's projection.
    """
    dataset, sha256 = open_dicom(path)
    visit = visit_of(dataset, str(path), pseudonym)
    projections = [_told(dataset, frame, path) for frame in range(frame_count(dataset))]
    if len(set(projections)) < len(projections):
        raise ScanError(f"both frames say {projections[0]}; {TELL_IN_THE_LIST}", source=str(path), field=VIEW_FIELD)
    counts = decode_counts(dataset, path)
    return [
        ScanImage(visit, projection, counts[frame], {}, pixel_size(dataset, path), sha256, (path.name,), (path,))
        for frame, projection in enumerate(projections)
    ]


VIEW_FIELD = "DetectorInformationSequence.ViewCodeSequence"


def open_dicom(path: Path) -> tuple[FileDataset, str]:
    """A whole-body file, checked but not decoded, and its SHA-256.

    Raises:
        ScanError: not a DICOM file, damaged, or not a grey nuclear-medicine whole-body image.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScanError(f"cannot be read ({error.strerror}); check the path and its rights", source=str(path)) from None
    if not content:
        raise ScanError("is empty; copy the file again", source=str(path))
    try:
        with quiet_pydicom():
            dataset = pydicom.dcmread(io.BytesIO(content))
            _touch_all(dataset)
    except InvalidDicomError:
        raise ScanError(
            "is not a DICOM file, or an encrypted one; export it as DICOM NM, or list an image in studies.csv",
            source=str(path),
        ) from None
    except Exception as error:
        raise ScanError("is damaged or cut short; fetch the DICOM file again", source=str(path)) from error
    _check(dataset, str(path))
    return dataset, hashlib.sha256(content).hexdigest()


def frame_count(dataset: FileDataset) -> int:
    return int(dataset.get("NumberOfFrames") or 1)


def pixel_size(dataset: FileDataset, path: Path) -> float | None:
    """mm per pixel, None where the file does not say.

    Raises:
        ScanError: the pixels are not square: outlines would be stretched.
    """
    spacing = [float(size) for size in dataset.get("PixelSpacing") or []]
    if not spacing or min(spacing) <= 0:
        return None
    if max(spacing) > 1.01 * min(spacing):
        raise ScanError(
            f"is {spacing}, but pixels must be square; resample the image", source=str(path), field="PixelSpacing"
        )
    return spacing[0]


def _touch_all(dataset: FileDataset) -> None:
    """Parses every element that is used later, so that damage shows here and not halfway."""
    for element in dataset:
        _ = element.value


def _check(dataset: FileDataset, source: str) -> None:
    kind = [str(part) for part in dataset.get("ImageType") or []]
    required = {
        "Modality": (str(dataset.get("Modality")) == "NM", "is not NM; only nuclear-medicine bone scans can be read"),
        "ImageType": (
            len(kind) < 3 or kind[2] == WHOLE_BODY,
            f"is not {WHOLE_BODY}; spot, dynamic and tomographic images are not read",
        ),
        "PixelData": ("PixelData" in dataset, "is missing: no image, or the file was cut short; fetch it again"),
        "TransferSyntaxUID": ("TransferSyntaxUID" in dataset.file_meta, "is missing; fetch the file again"),
        "PhotometricInterpretation": (
            dataset.get("PhotometricInterpretation") == "MONOCHROME2" and dataset.get("SamplesPerPixel", 1) == 1,
            "is not MONOCHROME2; send the counts, not a coloured picture of them",
        ),
        "NumberOfFrames": (
            1 <= frame_count(dataset) <= MOST_FRAMES,
            "is not 1 or 2; send anterior and posterior of one energy window",
        ),
    }
    for field, (met, message) in required.items():
        if not met:
            raise ScanError(message, source=source, field=field)
    check_size(int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0), source)


def _told(dataset: FileDataset, frame: int, path: Path) -> Projection:
    projection = projection_of(dataset, frame)
    if projection is None:
        raise ScanError(
            f"frame {frame + 1} does not say whether it is anterior or posterior; {TELL_IN_THE_LIST}",
            source=str(path),
            field=VIEW_FIELD,
        )
    return projection
