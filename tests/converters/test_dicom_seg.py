import logging
import warnings
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    NuclearMedicineImageStorage,
    SecondaryCaptureImageStorage,
)

from converters.dicom_seg import SourceFrame, read_dicom_seg, source_frame_of, write_dicom_seg
from converters.drawn import DrawnImage, Origin
from converters.errors import ConversionError, UnreadableFile
from converters.pieces import regions_of_mask
from converters.rasterise import draw
from converters.regions import Polygon, Region

VIEWS = {"anterior": "399321004", "posterior": "399001007"}
LESION = Region("metastasis", Polygon(((2, 2), (12, 2), (12, 12), (2, 12))))
BLADDER = Region("bladder", Polygon(((10, 10), (20, 10), (20, 20), (10, 20))))
ROWS, COLUMNS = 32, 24


def scan(*views, **elements):
    """The header and two counts of a whole-body file with these projections; an element given as None is left out."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = NuclearMedicineImageStorage, "1.2.3.4"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    dataset.Modality, dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "NM", "MONOCHROME2", 1
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = "Müller^Eva", "P-7", "F"
    dataset.StudyDate, dataset.StudyTime, dataset.AcquisitionDate = "20240331", "101500", "20240330"
    dataset.Rows, dataset.Columns, dataset.PixelSpacing = ROWS, COLUMNS, [2.26, 2.26]
    dataset.NumberOfFrames, dataset.DetectorVector = len(views), list(range(1, len(views) + 1))
    dataset.DetectorInformationSequence = []
    for view in views:
        item, code = Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = VIEWS.get(view), "SCT", "Projection"
        item.ViewCodeSequence = [code] if view else []
        dataset.DetectorInformationSequence.append(item)
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def save(tmp_path):
    def write(dataset, name="scan.dcm", syntax=ExplicitVRLittleEndian):
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit, dataset.PixelRepresentation = 7, 0
        dataset.PixelData = bytes(int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0) * 2)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(tmp_path / name, enforce_file_format=True)
        return tmp_path / name

    return write


def drawn_image(*regions, image="case_anterior.png", shape=(ROWS, COLUMNS), reader="2"):
    return DrawnImage(Origin("a.json", "", "labelme", ""), "case", reader, image, *shape, regions)


def segmented(path, *regions, **more):
    drawn = drawn_image(*regions, **more)
    return write_dicom_seg(drawn, draw(regions, drawn.shape), source_frame_of(path, drawn))


def opened(content):
    return pydicom.dcmread(pydicom.filebase.DicomBytesIO(content))


def test_what_counts_comes_back_disjoint(save):
    content = segmented(save(scan("anterior", "posterior")), LESION, BLADDER)
    masks, counted = read_dicom_seg(content), draw([LESION, BLADDER], (ROWS, COLUMNS)).disjoint()
    assert np.count_nonzero(masks["metastasis"]) == 96
    assert all(np.array_equal(masks[label], counted[label]) for label in counted)


shapes = st.tuples(st.integers(3, 9), st.integers(3, 9))


@given(arrays(np.uint8, shapes, elements=st.integers(0, 2)))
@settings(max_examples=25, deadline=None)
def test_every_mask_comes_back_exactly(numbers):
    regions = (*regions_of_mask(numbers == 1, "metastasis")[0], *regions_of_mask(numbers == 2, "bladder")[0])
    header = scan("posterior", Rows=numbers.shape[0], Columns=numbers.shape[1])
    drawn = drawn_image(*regions, shape=numbers.shape)
    masks = read_dicom_seg(write_dicom_seg(drawn, draw(regions, drawn.shape), SourceFrame(header, 1, "posterior")))
    assert np.array_equal(masks["metastasis"], numbers == 1)
    assert np.array_equal(masks["bladder"], numbers == 2)


def test_any_dicom_reader_finds_segments_frames_and_source(save):
    dataset = opened(segmented(save(scan("posterior", "anterior")), LESION, BLADDER))
    assert (dataset.SegmentationType, dataset.SegmentsOverlap, dataset.Modality) == ("BINARY", "NO", "SEG")
    types = [segment.SegmentedPropertyTypeCodeSequence[0] for segment in dataset.SegmentSequence]
    assert [(kind.CodingSchemeDesignator, kind.CodeValue) for kind in types] == [
        ("SCT", "14799000"),
        ("SCT", "89837001"),
    ]
    assert [segment.SegmentLabel for segment in dataset.SegmentSequence] == ["metastasis", "bladder"]
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence, start=1):
        assert groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber == number
        (source,) = groups.DerivationImageSequence[0].SourceImageSequence
        assert (source.ReferencedSOPInstanceUID, source.ReferencedFrameNumber) == ("1.2.3.4", 2)
        assert (source.ReferencedSOPClassUID, source.SpatialLocationsPreserved) == (NuclearMedicineImageStorage, "YES")
    assert dataset.SourceImageSequence[0].ReferencedSOPClassUID == NuclearMedicineImageStorage
    assert dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing == [2.26, 2.26]
    pixels = dataset.pixel_array
    assert (pixels.shape, pixels[1].sum()) == ((2, ROWS, COLUMNS), 100)
    assert "FrameOfReferenceUID" not in dataset


def test_highdicom_reads_it_as_its_own(save):
    path = save(scan("anterior"))
    segmentation = highdicom.seg.Segmentation.from_dataset(opened(segmented(path, LESION)))
    assert segmentation.get_segment_numbers(segment_label="metastasis") == [1]
    pixels = segmentation.get_pixels_by_source_frame("1.2.3.4", [1], assert_missing_frames_are_empty=True)
    assert np.array_equal(pixels[0, ..., 0], draw([LESION], (ROWS, COLUMNS)).masks["metastasis"])


def test_a_reading_without_findings_is_two_empty_frames(save):
    content = segmented(save(scan("anterior")))
    assert opened(content).NumberOfFrames == 2
    assert not any(mask.any() for mask in read_dicom_seg(content).values())


def test_patient_and_study_are_the_scans(save):
    path = save(scan("anterior", PatientIdentityRemoved="YES", OtherPatientIDs="secret", PatientComments="secret"))
    dataset = opened(segmented(path))
    assert (str(dataset.PatientName), dataset.PatientID, dataset.PatientSex) == ("Müller^Eva", "P-7", "F")
    assert (dataset.StudyInstanceUID, dataset.StudyDate, dataset.StudyTime) == ("1.2.3", "20240331", "101500")
    assert dataset.PatientIdentityRemoved == "YES"
    assert not {"OtherPatientIDs", "PatientComments"} & set(dataset.dir())


def test_the_same_drawing_gives_the_same_file_and_any_other_another_identifier(save):
    path = save(scan("anterior", "posterior"))
    first = segmented(path, LESION)
    assert segmented(path, LESION) == first
    others = [
        segmented(path, BLADDER),
        segmented(path, LESION, reader="3"),
        segmented(path, LESION, image="case_posterior.png"),
        segmented(save(scan("anterior", "posterior", PatientID="P-8"), "other.dcm"), LESION),
    ]
    assert len({opened(content).SOPInstanceUID for content in (first, *others)}) == 5
    assert len({opened(content).SeriesInstanceUID for content in (first, *others)}) == 2


def test_dates_are_the_scans_and_never_todays(save):
    dataset = opened(segmented(save(scan("anterior"))))
    assert (dataset.ContentDate, "InstanceCreationDate" in dataset) == ("20240330", False)
    undated = opened(segmented(save(scan("anterior", AcquisitionDate=None, StudyDate=None, StudyTime=None))))
    assert (undated.ContentDate, undated.ContentTime, undated.StudyDate) == ("19000101", "000000", "")


@pytest.mark.parametrize(
    ("region", "reader", "kind"),
    [
        pytest.param({}, "2", "MANUAL", id="a reader's own"),
        pytest.param({}, None, "MANUAL", id="a Labelme file"),
        pytest.param({"score": 0.9, "suggested": True}, "2", "SEMIAUTOMATIC", id="a suggestion that was accepted"),
        pytest.param({"score": 0.9}, "2", "SEMIAUTOMATIC", id="a suggestion that was moved"),
        pytest.param({"score": 0.9}, None, "AUTOMATIC", id="a prediction"),
    ],
)
def test_who_drew_it_is_said(save, region, reader, kind):
    content = segmented(save(scan("anterior")), Region("metastasis", LESION.shape, **region), reader=reader)
    metastasis, bladder = opened(content).SegmentSequence
    assert (metastasis.SegmentAlgorithmType, bladder.SegmentAlgorithmType) == (kind, "MANUAL")
    assert ("SegmentAlgorithmName" in metastasis) is (kind != "MANUAL")


@pytest.mark.filterwarnings("ignore")
def test_nothing_of_the_patient_is_logged(save, caplog, capfd):
    odd = {
        "PatientName": "MAIER, ANNA = x",
        "PatientID": "4711-MAIER" * 9,
        "PatientSex": "w",
        "PatientBirthDate": "1.3.50",
    }
    path = save(scan("anterior", **odd))
    capfd.readouterr()
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        content = segmented(path, LESION)
    told = caplog.text + "".join(str(warning.message) for warning in warned) + "".join(capfd.readouterr())
    assert not [word for word in ("MAIER", "ANNA", "1.3.50") if word in told]
    assert opened(content).PatientID == odd["PatientID"]


@pytest.mark.parametrize(
    ("views", "image", "number"),
    [
        pytest.param(["anterior", "posterior"], "case_anterior_low.png", 1, id="as usual"),
        pytest.param(["posterior", "anterior"], "case_anterior.png", 2, id="turned round"),
        pytest.param(["anterior", "posterior"], "ward/posterior/case.png", 2, id="in a folder of the projection"),
        pytest.param(["anterior", "posterior"], "anterior/case_post.png", 2, id="the file's name before the folder's"),
        pytest.param(["posterior"], "case.png", 1, id="the only one"),
        pytest.param([None], "case_posterior.png", 1, id="the only one, of which the scan says nothing"),
        pytest.param([None, "posterior"], "case_posterior.png", 2, id="the one that says so"),
    ],
)
def test_the_frame_is_the_one_of_the_images_projection(save, views, image, number):
    assert source_frame_of(save(scan(*views)), drawn_image(image=image)).number == number


@pytest.mark.parametrize(
    ("views", "image", "says"),
    [
        pytest.param(["anterior", "posterior"], "case.png", "does not say which; put anterior", id="no projection"),
        pytest.param(["anterior", "posterior"], "anterior_posterior.png", "does not say which", id="both"),
        pytest.param(
            ["anterior"], "case_posterior.png", "shows anterior, 'case_posterior.png' is", id="the other side"
        ),
        pytest.param([None, None], "case_anterior.png", "0 of 2 frames say anterior", id="frames that do not say"),
        pytest.param(["anterior", "anterior"], "case_anterior.png", "2 of 2 frames say anterior", id="twice the same"),
    ],
)
def test_where_the_frame_is_not_clear_nothing_is_written(save, views, image, says):
    with pytest.raises(ConversionError) as refused:
        source_frame_of(save(scan(*views)), drawn_image(image=image))
    assert refused.value.source == "scan.dcm"
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("image", "file"),
    [
        ("case.png", "case.dcm"),
        ("ward/case_anterior.png", "case_anterior.dcm"),
        ("case_anterior_low.png", "case.dcm"),
        ("case-ant.png", "case"),
        ("case/anterior.png", "case.DCM"),
    ],
)
def test_in_a_folder_the_scan_is_called_like_the_image(save, tmp_path, image, file):
    save(scan("anterior"), file)
    save(scan("anterior", SOPInstanceUID="9.9"), "other.dcm")
    assert source_frame_of(tmp_path, drawn_image(image=image)).dataset.SOPInstanceUID == "1.2.3.4"


def test_a_folder_without_the_scan_says_what_it_should_be_called(tmp_path):
    with pytest.raises(UnreadableFile, match=r"call it case_anterior_low\.dcm or case_anterior\.dcm or case\.dcm"):
        source_frame_of(tmp_path, drawn_image(image="x/case_anterior_low.png"))


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        pytest.param({"Modality": "CT"}, "Modality", "is not NM", id="CT"),
        pytest.param({"PhotometricInterpretation": "RGB"}, "PhotometricInterpretation", "MONOCHROME2", id="RGB"),
        pytest.param({"SamplesPerPixel": 3}, "PhotometricInterpretation", "MONOCHROME2", id="three samples"),
        pytest.param({"StudyInstanceUID": None}, "StudyInstanceUID", "is missing", id="no study"),
        pytest.param({"SeriesInstanceUID": ""}, "SeriesInstanceUID", "is missing", id="no series"),
        pytest.param({"Rows": 99}, "Rows", "has frames of 99 rows × 24 columns", id="another size"),
        pytest.param({"Columns": None}, "Rows", "has frames of 32 rows × 0 columns", id="no size"),
    ],
)
def test_a_scan_that_is_none_is_refused(save, change, field, says):
    with pytest.raises(ConversionError) as refused:
        source_frame_of(save(scan("anterior", **change)), drawn_image())
    assert (refused.value.source, refused.value.field) == ("scan.dcm", field)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "cannot be opened", id="gone"),
        pytest.param(b"", "not a DICOM|damaged", id="empty"),
        pytest.param(b"\x89PNG" + bytes(200), "is not a DICOM file", id="a picture"),
        pytest.param(bytes(128) + b"DICM" + b"\xff" * 99, "damaged|is not NM", id="damaged"),
        pytest.param(bytes(128) + b"DICM", "is not NM|damaged", id="cut short"),
    ],
)
def test_what_is_no_dicom_file_is_refused(tmp_path, content, says):
    path = tmp_path / "scan.dcm"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refused:
        source_frame_of(path, drawn_image())
    assert refused.value.source == "scan.dcm"
    assert any(part in str(refused.value) for part in says.split("|")), str(refused.value)


def test_a_deflated_scan_is_refused_before_it_is_unpacked(save):
    with pytest.raises(UnreadableFile, match="is deflated"):
        source_frame_of(save(scan("anterior"), syntax=DeflatedExplicitVRLittleEndian), drawn_image())


def test_a_scan_of_a_handful_of_pixels_is_refused():
    drawn = drawn_image(shape=(2, 3))
    with pytest.raises(UnreadableFile, match="is no scan"):
        write_dicom_seg(drawn, draw((), (2, 3)), SourceFrame(scan("anterior", Rows=2, Columns=3), 1, None))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: content[:400], id="cut short"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content.replace(b"BINARY", b"MANUAL"), id="of another kind"),
        pytest.param(lambda content: content[:-2000], id="without its last pixels"),
    ],
)
def test_what_is_no_segmentation_is_refused(save, spoil):
    with pytest.raises(UnreadableFile, match="segmentation"):
        read_dicom_seg(spoil(segmented(save(scan("anterior")), LESION)))


def test_scans_in_any_transfer_syntax_are_referred_to(shared_fixtures):
    whole = Region("metastasis", Polygon(((50, 50), (60, 50), (60, 70), (50, 70))))
    for name in ("NM1_RLE.dcm", "NM1_JPEG_LOSSLESS.dcm"):
        path = shared_fixtures / "dicom" / name
        content = segmented(path, whole, image="wb.png", shape=(1024, 256))
        header = pydicom.dcmread(path, stop_before_pixels=True)
        (reference,) = opened(content).SourceImageSequence
        assert reference.ReferencedSOPInstanceUID == header.SOPInstanceUID
        assert reference.ReferencedSOPClassUID == SecondaryCaptureImageStorage
        assert np.count_nonzero(read_dicom_seg(content)["metastasis"]) == 200


def test_a_segmentation_of_a_lossy_scan_says_so():
    path = Path(str(pydicom.data.get_testdata_file("JPEG-lossy.dcm", download=False)))
    dataset = opened(segmented(path, image="wb.png", shape=(1024, 256)))
    header = pydicom.dcmread(path, stop_before_pixels=True)
    assert dataset.LossyImageCompression == header.LossyImageCompression == "01"
