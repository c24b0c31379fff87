"""DICOM nuclear-medicine whole-body files: one or two frames of counts, and what may be known of the visit."""

import hashlib
import io
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset

from backend.errors import ScanError
from backend.records import Projection, ScanImage
from backend.scans.decoding import blaming, decode_counts
from backend.scans.identity import Pseudonym, visit_of
from backend.scans.sizes import check_size
from converters.projection import projection_of

WHOLE_BODY = "WHOLE BODY"
MOST_FRAMES = 2
VIEW_FIELD = "DetectorInformationSequence.ViewCodeSequence"
TELL_IN_THE_LIST = "list the file in studies.csv with its projection (and its frame, where it holds two)"


def read_dicom(path: Path, pseudonym: Pseudonym) -> list[ScanImage]:
    """The projections of one file: one, or two in whichever order.

    Raises:
        ScanError: the file cannot be read, is no whole-body image, or does not tell a frame's projection.
    """
    dataset, sha256 = open_dicom(path)
    with blaming(path):
        visit = visit_of(dataset, str(path), pseudonym)
        projections = _projections(dataset, path)
        pixel_mm, counts = pixel_size(dataset, path), decode_counts(dataset, path)
    return [
        ScanImage(visit, projection, counts[frame], {}, pixel_mm, sha256, (path.name,), (path,))
        for frame, projection in enumerate(projections)
    ]


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
    with blaming(path):
        dataset = pydicom.dcmread(io.BytesIO(content))
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


def _check(dataset: FileDataset, source: str) -> None:
    kind = [str(part) for part in dataset.get("ImageType") or []]
    required = {
        "Modality": (
            str(dataset.get("Modality")) == "NM",
            "is not NM; only nuclear-medicine bone scans can be read"
            if dataset.get("Modality")
            else "is missing; the file was cut short or is no image: fetch it again",
        ),
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


def _projections(dataset: FileDataset, path: Path) -> list[Projection]:
    told = [projection_of(dataset, frame) for frame in range(frame_count(dataset))]
    known = [projection for projection in told if projection is not None]
    if len(known) < len(told):
        problem = f"frame {told.index(None) + 1} does not say whether it is anterior or posterior"
    elif len(set(known)) < len(known):
        problem = f"both frames say {known[0]}"
    else:
        return known
    raise ScanError(f"{problem}; {TELL_IN_THE_LIST}", source=str(path), field=VIEW_FIELD)
