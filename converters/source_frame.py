"""The frame of a nuclear-medicine file that an image was drawn on. Only its header is read, so that any transfer
syntax will do.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from converters.drawn import DrawnImage
from converters.errors import ConversionError, UnreadableFile
from converters.projection import Projection, projection_named, projection_of

NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
SUFFIXES = ("", ".dcm", ".DCM")
VIEW_FIELD = "DetectorInformationSequence.ViewCodeSequence"


@dataclass(frozen=True, eq=False)
class SourceFrame:
    """Attributes:
    dataset: the file's header.
    number: the frame, from 1.
    projection: its projection, None where neither file nor image name says.
    """

    dataset: Dataset
    number: int
    projection: Projection | None


def source_frame_of(source: Path, drawn: DrawnImage) -> SourceFrame:
    """The frame that `drawn` shows.

    Args:
        source: the file, or a folder in which the file is called like the image, with or without its projection.
        drawn: the image; its name says the projection where the file has several frames.

    Raises:
        ConversionError: no such file, no nuclear-medicine image, another size, or it is not clear which frame.
    """
    path = _inside(source, drawn.image) if source.is_dir() else source
    with _blaming(path.name):
        dataset = _header(path)
        _check(dataset, path.name)
        told = [projection_of(dataset, frame) for frame in range(int(dataset.get("NumberOfFrames") or 1))]
        size = (int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0))
    if size != drawn.shape:
        message = (
            f"has frames of {size[0]} rows × {size[1]} columns, {drawn.image!r} is {drawn.rows} × {drawn.columns};"
            " convert outlines of the scan's own size"
        )
        raise ConversionError(message, source=path.name, field="Rows")
    return _chosen(dataset, told, drawn.image, path.name)


def _chosen(dataset: Dataset, told: list[Projection | None], image: str, source: str) -> SourceFrame:
    named = projection_named(PurePosixPath(image).stem) or projection_named(image)
    if len(told) == 1:
        if None not in (named, told[0]) and named != told[0]:
            raise ConversionError(f"shows {told[0]}, {image!r} is {named}; name the other scan", source=source)
        return SourceFrame(dataset, 1, told[0] or named)
    if named is None:
        message = f"has {len(told)} frames, and {image!r} does not say which; put anterior or posterior into its name"
        raise ConversionError(message, source=source, field="NumberOfFrames")
    if told.count(named) != 1:
        message = f"{told.count(named)} of {len(told)} frames say {named}; write each projection into a file of its own"
        raise ConversionError(message, source=source, field=VIEW_FIELD)
    return SourceFrame(dataset, told.index(named) + 1, named)


def _inside(folder: Path, image: str) -> Path:
    """The file in a folder that is called like the image."""
    shown = PurePosixPath(image)
    names = [shown.stem, re.sub(r"[_\-. ](low|high)$", "", shown.stem)]
    names += [re.sub(r"(^|[_\-. ])(anterior|posterior|ant|post)$", "", name) for name in names]
    names += [shown.parent.name] if not names[-1] else []
    for name in filter(None, names):
        for suffix in SUFFIXES:
            if (folder / (name + suffix)).is_file():
                return folder / (name + suffix)
    wanted = " or ".join(dict.fromkeys(f"{name}.dcm" for name in names if name))
    raise UnreadableFile(f"holds no scan of {image!r}; call it {wanted}", source=folder.name)


def _header(path: Path) -> Dataset:
    meta = pydicom.filereader.read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise UnreadableFile("is deflated; send it in another transfer syntax", source=path.name)
    return pydicom.dcmread(path, stop_before_pixels=True)


def _check(dataset: Dataset, source: str) -> None:
    grey = dataset.get("PhotometricInterpretation") == "MONOCHROME2" and dataset.get("SamplesPerPixel", 1) == 1
    required = {
        "Modality": (dataset.get("Modality") == "NM", "is not NM; name the bone scan itself"),
        "PhotometricInterpretation": (grey, "is not MONOCHROME2; name the counts, not a coloured picture of them"),
        **{name: (bool(dataset.get(name)), "is missing; fetch the file again") for name in NEEDED},
    }
    for field, (met, message) in required.items():
        if not met:
            raise UnreadableFile(message, source=source, field=field)


@contextmanager
def _blaming(source: str) -> Iterator[None]:
    """Whatever goes wrong inside is the file's fault: pydicom raises errors of every kind.

    Its warnings quote the file's values, so they are kept out of logs and terminals.

    Raises:
        ConversionError: in place of any other error.
    """
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ConversionError:
        raise
    except OSError as error:
        raise UnreadableFile(f"cannot be opened ({error.strerror})", source=source) from error
    except InvalidDicomError:
        raise UnreadableFile("is not a DICOM file; name the scan itself", source=source) from None
    except Exception as error:
        raise UnreadableFile("is damaged or cut short; fetch the DICOM file again", source=source) from error
