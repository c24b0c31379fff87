"""The counts of a DICOM file, whatever its transfer syntax."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import JPEGExtended12Bit

from backend.errors import ScanError


def decode_counts(dataset: Dataset, path: Path) -> NDArray[np.float32]:
    """`(frames, rows, columns)` float32 counts: rescaled, and no counts where the stored value is below 0.

    Raises:
        ScanError: the pixel data are damaged, cut short, or in a syntax that no decoder here reads.
    """
    try:
        stored = _decode_12_bit_jpeg(dataset, path) if _is_12_bit_jpeg(dataset) else dataset.pixel_array
    except Exception as error:
        raise ScanError(
            "the pixel data cannot be decoded: damaged, cut short, encrypted or of an unsupported transfer syntax; "
            "fetch the file again or send it uncompressed",
            source=str(path),
            field="PixelData",
        ) from error
    slope, intercept = (_number(dataset, path, field, default) for field, default in RESCALE.items())
    frames = stored.reshape(-1, int(dataset.Rows), int(dataset.Columns)).astype(np.float64) * slope + intercept
    if not np.isfinite(frames).all():
        raise ScanError("holds counts that are not finite; send the file again", source=str(path), field="PixelData")
    return np.maximum(frames, 0).astype(np.float32)


RESCALE = {"RescaleSlope": 1.0, "RescaleIntercept": 0.0}


@contextmanager
def blaming(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside is the file's fault: pydicom parses late and raises errors of every kind.

    Its warnings quote the file's values, so they are kept out of logs and terminals.

    Raises:
        ScanError: in place of any other error.
    """
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ScanError:
        raise
    except InvalidDicomError:
        raise ScanError(
            "is not a DICOM file, or an encrypted one; export it as DICOM NM, or list an image in studies.csv",
            source=str(path),
        ) from None
    except Exception as error:
        raise ScanError("is damaged or cut short; fetch the DICOM file again", source=str(path)) from error


def _number(dataset: Dataset, path: Path, field: str, default: float) -> float:
    value = dataset.get(field)
    number = default if value is None else float(value)
    if not np.isfinite(number) or (field == "RescaleSlope" and number <= 0):
        raise ScanError(f"is {number:g}; more counts must mean a larger value", source=str(path), field=field)
    return number


def _is_12_bit_jpeg(dataset: Dataset) -> bool:
    return dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit and int(dataset.BitsStored) > 8


def _decode_12_bit_jpeg(dataset: Dataset, path: Path) -> NDArray[np.uint16]:
    """GDCM decodes these well, but pydicom does not let it: asked directly."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError("GDCM cannot read the file")
    content = reader.GetImage().GetBuffer()
    # the binding hands bytes over as text
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else bytes(content)
    signed = int(dataset.PixelRepresentation) == 1
    return np.frombuffer(raw, dtype="<i2" if signed else "<u2")
