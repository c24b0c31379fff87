from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import RLELossless

from backend.errors import ScanError
from backend.scans.dicom import read_dicom

Write = Callable[..., Path]


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def pseudonym(purpose: str, identifier: str) -> str:
    return f"{purpose}:{sum(identifier.encode())}"


def test_two_frames_come_in_either_order(write_nm: Write, counts: NDArray[np.int16]) -> None:
    for views in (("anterior", "posterior"), ("posterior", "anterior")):
        scans = read_dicom(write_nm(counts, views), pseudonym)
        assert tuple(scan.projection for scan in scans) == views
        assert all((scan.counts == counts[frame]).all() for frame, scan in enumerate(scans))
        assert {scan.pixel_mm for scan in scans} == {2.26}


def test_the_detector_vector_says_which_detector_saw_a_frame(write_nm: Write) -> None:
    scans = read_dicom(write_nm(DetectorVector=[2, 1]), pseudonym)
    assert [scan.projection for scan in scans] == ["posterior", "anterior"]


@pytest.mark.parametrize(
    ("elements", "projection"),
    [
        ({"ViewPosition": "A"}, "anterior"),
        ({"ImageID": "WHOLEBODY_POST"}, "posterior"),
        ({"SeriesDescription": "Bone WB Anterior 3h"}, "anterior"),
        ({"ViewPosition": "POSTERIOR", "SeriesDescription": "ant"}, "posterior"),
        ({"ImageID": "Ant/Post", "SeriesDescription": "posterior"}, "posterior"),
    ],
    ids=str,
)
def test_one_frame_may_tell_its_projection_in_words(write_nm: Write, elements: dict[str, str], projection: str) -> None:
    assert read_dicom(write_nm(views=(None,), **elements), pseudonym)[0].projection == projection


def test_a_view_code_outweighs_words(write_nm: Write) -> None:
    path = write_nm(views=("anterior",), SeriesDescription="posterior")
    assert read_dicom(path, pseudonym)[0].projection == "anterior"


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.uint32, np.uint8])
def test_counts_survive_every_way_of_storing_them(write_nm: Write, dtype: type, counts: NDArray[np.int16]) -> None:
    bits = 8 * np.dtype(dtype).itemsize
    path = write_nm(counts.astype(dtype), BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    assert all((scan.counts == counts[frame]).all() for frame, scan in enumerate(read_dicom(path, pseudonym)))


def test_run_length_encoding_loses_nothing(write_nm: Write, counts: NDArray[np.int16]) -> None:
    scans = read_dicom(write_nm(counts, syntax=RLELossless), pseudonym)
    assert all((scan.counts == counts[frame]).all() for frame, scan in enumerate(scans))


def test_negative_values_are_no_counts_and_the_rescale_slope_applies(write_nm: Write) -> None:
    stored = np.zeros((1, 1024, 256), dtype=np.int16)
    stored[0, 0, :3] = (-7, 4, 5)
    (scan,) = read_dicom(write_nm(stored, ("anterior",), RescaleSlope=2.5, RescaleIntercept=0), pseudonym)
    assert scan.counts is not None
    assert scan.counts[0, :3].tolist() == [0, 10, 12.5]


def test_only_pseudonyms_leave_the_reader(write_nm: Write) -> None:
    (scan, _) = read_dicom(write_nm(), pseudonym)
    assert scan.visit.patient.startswith("patient:")
    assert scan.visit.study.startswith("study:")
    assert (str(scan.visit.date), scan.visit.age, scan.visit.sex) == ("2024-03-31", 74.1, "F")
    assert "MAIER" not in repr(scan.visit)
    assert "1.2.276" not in repr(scan.visit)


@pytest.mark.parametrize(
    ("elements", "age"),
    [
        ({"PatientAge": "066Y"}, 66.0),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientAge": "094Y"}, 90.0),
        ({"PatientBirthDate": "19000101"}, 90.0),
        ({"PatientBirthDate": ""}, None),
        ({"PatientAge": "unknown", "PatientBirthDate": "tomorrow"}, None),
    ],
    ids=str,
)
def test_age_comes_from_the_age_or_the_birth_date_and_is_capped(
    write_nm: Write, elements: dict[str, str], age: float | None
) -> None:
    assert read_dicom(write_nm(**elements), pseudonym)[0].visit.age == age


def test_patients_of_one_number_but_two_issuers_are_two(write_nm: Write) -> None:
    first, second = (
        read_dicom(write_nm(IssuerOfPatientID=issuer), pseudonym)[0].visit.patient for issuer in ("A", "B")
    )
    assert first != second


BAD_HEADERS: dict[str, tuple[dict[str, object], str]] = {
    "another modality": ({"Modality": "CT"}, "Modality"),
    "no modality": ({"Modality": None}, "Modality: is missing"),
    "a spot view": ({"ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]}, "ImageType"),
    "no pixels": ({"PixelData": None}, "PixelData"),
    "colour": ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "PhotometricInterpretation"),
    "both frames anterior": ({"views": ("anterior", "anterior")}, "ViewCodeSequence"),
    "frames that do not tell": ({"views": (None, None)}, "ViewCodeSequence"),
    "an oblique view": ({"views": (None,), "SeriesDescription": "left anterior oblique"}, "ViewCodeSequence"),
    "AP, which names the beam": ({"views": (None,), "ViewPosition": "AP"}, "ViewCodeSequence"),
    "three frames": ({"views": ("anterior", "posterior", None)}, "NumberOfFrames"),
    "no patient": ({"PatientID": ""}, "PatientID"),
    "no study": ({"StudyInstanceUID": None}, "StudyInstanceUID"),
    "stretched pixels": ({"PixelSpacing": [2.2, 4.4]}, "PixelSpacing"),
    "a slope that turns counts round": ({"RescaleSlope": -1}, "RescaleSlope"),
    "a size that would fill the memory": ({"Rows": 65000, "Columns": 65000}, "pixels"),
    "more rows than pixels": ({"Rows": 2048}, "PixelData"),
}


@pytest.mark.parametrize(("elements", "names"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_a_header_that_cannot_be_used_is_refused_by_field(
    write_nm: Write, elements: dict[str, object], names: str
) -> None:
    path = write_nm(**elements)
    with pytest.raises(ScanError, match=names) as refused:
        read_dicom(path, pseudonym)
    assert str(path) in str(refused.value)
    assert "MAIER" not in str(refused.value)


BAD_CONTENT: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut in the header": lambda content: content[:400],
    "cut in the pixels": lambda content: content[:-5000],
    "garbage": lambda _: np.random.default_rng(0).bytes(5000),
    "garbage behind a preamble": lambda content: content[:132] + np.random.default_rng(0).bytes(5000),
    "text": lambda _: b"patient,study\n",
}


@pytest.mark.parametrize("damage", BAD_CONTENT.values(), ids=BAD_CONTENT)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "RLE"])
def test_a_damaged_file_is_refused_by_name(write_nm: Write, damage: Callable[[bytes], bytes], compressed: bool) -> None:
    path = write_nm(**({"syntax": RLELossless} if compressed else {}))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ScanError) as refused:
        read_dicom(path, pseudonym)
    assert str(path) in str(refused.value)


def test_bytes_changed_anywhere_are_read_or_refused_but_never_crash(write_nm: Write) -> None:
    path = write_nm(np.ones((1, 16, 4), dtype=np.int16), ("anterior",))
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for place in random.integers(132, len(content), 3):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        try:
            read_dicom(path, pseudonym)
        except ScanError:
            continue


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=r"absent\.dcm"):
        read_dicom(tmp_path / "absent.dcm", pseudonym)
