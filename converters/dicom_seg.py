"""DICOM segmentations, out and back: what counts of one projection, referring to the frame that was drawn on.

A planar scan has no place in space, so there is one segmentation per projection and its geometry is the frame's:
same rows and columns, "spatial locations preserved". Nothing depends on the clock or on chance: identifiers are made
from the content, dates are the scan's.
"""

import hashlib
import io
import re
import uuid
import warnings
from collections.abc import Iterable

import highdicom
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import SecondaryCaptureImageStorage, SegmentationStorage

from converters.certificate import tool_version
from converters.drawn import DrawnImage
from converters.errors import UnreadableFile
from converters.rasterise import Drawing
from converters.regions import LABELS, Label, Mask
from converters.source_frame import SourceFrame, source_frame_of

__all__ = ["SourceFrame", "read_dicom_seg", "source_frame_of", "write_dicom_seg"]

CATEGORIES = {
    "metastasis": codes.cid7150.MorphologicallyAbnormalStructure,
    "bladder": codes.cid7150.AnatomicalStructure,
}
TYPES = {"metastasis": codes.cid7159.NeoplasmSecondary, "bladder": codes.cid7151.Bladder}
"""SNOMED's 14799000 and 89837001."""

REQUIRED_OF_PATIENT_AND_STUDY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
)
DEIDENTIFICATION = ("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence")

LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")

DATES = (("AcquisitionDate", "AcquisitionTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"))
NO_DATE, NO_TIME = "19000101", "000000"
"""Of a scan whose dates were taken away; DICOM wants a date of the content."""

FEWEST_PIXELS = 8
SERIES_NUMBER = 1000
NOBODY_YET = "2.25.0"


def write_dicom_seg(drawn: DrawnImage, drawing: Drawing, source_nm: SourceFrame) -> bytes:
    """A binary segmentation with the segments metastasis and bladder, disjoint, one frame each even where it is empty.

    Patient and study are those of the scan, as DICOM demands, by name too: give a de-identified scan where the
    segmentation is to leave the house. The same drawing on the same scan gives the same bytes.

    Args:
        drawn: what was drawn.
        drawing: what it covers.
        source_nm: the frame that it was drawn on.

    Raises:
        UnreadableFile: the scan's header cannot be carried over.
    """
    source = source_nm.dataset
    if drawn.rows * drawn.columns < FEWEST_PIXELS:
        raise UnreadableFile(f"an image of {drawn.rows} rows × {drawn.columns} columns is no scan", source=drawn.image)
    counted = drawing.disjoint()
    pixels = np.stack([counted[label] for label in LABELS], axis=-1)[None].astype(np.uint8)
    series = _uid("series", source.StudyInstanceUID, source.SeriesInstanceUID, drawn.reader)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the scan's values
            dataset = highdicom.seg.Segmentation(
                source_images=[_anonymous(source)],
                pixel_array=pixels,
                segmentation_type="BINARY",
                segment_descriptions=[_segment(number, label, drawn) for number, label in enumerate(LABELS, start=1)],
                series_instance_uid=series,
                series_number=SERIES_NUMBER,
                sop_instance_uid=NOBODY_YET,
                instance_number=source_nm.number,
                manufacturer="Scintiloop",
                manufacturer_model_name="Scintiloop converters",
                software_versions=tool_version(),
                device_serial_number="0",
                content_label="BONE_SCAN",
                content_description=f"bone metastases and bladder{_after(source_nm.projection)}",
                series_description=f"bone metastases and bladder{_after(_plain(drawn.reader))}",
                omit_empty_frames=False,
                specific_character_set="ISO_IR 192",
            )
            _carry_over(source_nm, drawn, dataset)
            return _identified(dataset)
    except Exception as error:
        message = f"its header cannot be carried over ({type(error).__name__}); fetch the DICOM file again"
        raise UnreadableFile(message, source=drawn.image) from error


def read_dicom_seg(content: bytes) -> dict[Label, Mask]:
    """The `(rows, columns)` mask of each label of a segmentation of one projection, empty where it has no segment.

    Raises:
        UnreadableFile: no binary segmentation, or damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(content))
            if dataset.SOPClassUID != SegmentationStorage or dataset.SegmentationType != "BINARY":
                raise UnreadableFile("is no binary DICOM segmentation")
            frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns).astype(bool)
            return _by_label(dataset, frames)
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile(f"is no DICOM segmentation, or damaged ({type(error).__name__})") from error


def _by_label(dataset: Dataset, frames: Mask) -> dict[Label, Mask]:
    meant = {TYPES[label].value: label for label in LABELS}
    labels = {
        segment.SegmentNumber: meant.get(segment.SegmentedPropertyTypeCodeSequence[0].CodeValue)
        for segment in dataset.SegmentSequence
    }
    masks: dict[Label, Mask] = {label: np.zeros(frames.shape[1:], bool) for label in LABELS}
    for frame, groups in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        label = labels[groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber]
        if label is not None:
            masks[label] |= frame
    return masks


def _segment(number: int, label: Label, drawn: DrawnImage) -> highdicom.seg.SegmentDescription:
    kind = _drawn_by(label, drawn)
    model = None
    if kind != "MANUAL":
        model = highdicom.AlgorithmIdentificationSequence(
            name="pre-annotation model", family=codes.cid7162.ArtificialIntelligence, version="unknown"
        )
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=CATEGORIES[label],
        segmented_property_type=TYPES[label],
        algorithm_type=kind,
        algorithm_identification=model,
    )


def _drawn_by(label: Label, drawn: DrawnImage) -> str:
    """Whether a person drew it, a model, or a person with a model's help."""
    regions = [region for region in drawn.regions if region.label == label]
    if not any(region.suggested or region.score is not None for region in regions):
        return "MANUAL"
    untouched = drawn.reader is None and all(region.score is not None and not region.suggested for region in regions)
    return "AUTOMATIC" if untouched else "SEMIAUTOMATIC"


def _anonymous(source: Dataset) -> Dataset:
    """What highdicom needs of one frame of the scan, as a file of one frame.

    The person stays behind, because names that highdicom does not like are logged, and so does the frame of reference,
    in which a planar scan has no place.
    """
    plain = Dataset()
    for keyword in REQUIRED_OF_PATIENT_AND_STUDY:
        setattr(plain, keyword, None if keyword in ("StudyDate", "StudyTime") else "")
    plain.SOPClassUID = SecondaryCaptureImageStorage
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Rows", "Columns"):
        setattr(plain, keyword, source[keyword].value)
    plain.Modality = "NM"
    _copy(source, plain, LOSSY)
    spacing = [float(size) for size in source.get("PixelSpacing") or []]
    if len(spacing) == 2 and min(spacing) > 0 and np.isfinite(spacing).all():
        plain.PixelSpacing = source.PixelSpacing
        # Readers, highdicom's among them, want a thickness with it. A projection has none: one pixel.
        plain.SliceThickness = source.PixelSpacing[0]
    return plain


def _carry_over(source_nm: SourceFrame, drawn: DrawnImage, dataset: Dataset) -> None:
    """Patient, study, frame, reader and dates, in place of what highdicom made up."""
    source = source_nm.dataset
    for keyword in REQUIRED_OF_PATIENT_AND_STUDY:
        setattr(dataset, keyword, str(source.get(keyword) or ""))
    _copy(source, dataset, DEIDENTIFICATION)
    dataset.ContentCreatorName = "" if drawn.reader is None else f"Reader^{_plain(drawn.reader)}"
    dataset.PatientOrientation = source.get("PatientOrientation") or ""
    dataset.ContentDate, dataset.ContentTime = _date(source)
    del dataset.InstanceCreationDate, dataset.InstanceCreationTime
    for equipment in dataset.ContributingEquipmentSequence:
        equipment.pop("ContributionDateTime", None)
    organisation = _uid("dimensions", dataset.SeriesInstanceUID)
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = organisation
    _refer(source_nm, dataset)


def _refer(source_nm: SourceFrame, dataset: Dataset) -> None:
    """Let the references say what the scan's file is, and the frame where it has several."""
    kind = source_nm.dataset.SOPClassUID
    of_frames = [
        groups.DerivationImageSequence[0].SourceImageSequence[0] for groups in dataset.PerFrameFunctionalGroupsSequence
    ]
    of_files = [dataset.SourceImageSequence[0], dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]]
    for reference in (*of_files, *of_frames):
        reference.ReferencedSOPClassUID = kind
    if kind != SecondaryCaptureImageStorage:
        for reference in of_frames:
            reference.ReferencedFrameNumber = source_nm.number


def _copy(source: Dataset, target: Dataset, keywords: Iterable[str]) -> None:
    for keyword in keywords:
        if keyword in source:
            target[keyword] = source[keyword]


def _identified(dataset: Dataset) -> bytes:
    """The file, its identifier made from all the rest."""
    dataset.SOPInstanceUID = _uid("instance", hashlib.sha256(_file(dataset)).hexdigest())
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return _file(dataset)


def _file(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _uid(*said: object) -> str:
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, repr(('scintiloop', *map(str, said)))).int}"


def _date(source: Dataset) -> tuple[str, str]:
    for date, time in DATES:
        told, at = str(source.get(date) or ""), str(source.get(time) or "")
        if re.fullmatch(r"[0-9]{8}", told):
            return told, at if re.fullmatch(r"[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?", at) else NO_TIME
    return NO_DATE, NO_TIME


def _plain(reader: str | None) -> str | None:
    """The reader without the characters that divide DICOM's names."""
    return None if reader is None else re.sub(r"[\\^=\x00-\x1f]", " ", reader)[:16]


def _after(word: str | None) -> str:
    return f", {word}" if word else ""
