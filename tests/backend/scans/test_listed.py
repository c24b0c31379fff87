import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from backend.errors import ScanError
from backend.records import ScanImage
from backend.scans.listed import load_listed
from backend.scans.studies_csv import read_studies_csv

Write = Callable[..., Path]
GREY = np.random.default_rng(0).integers(0, 256, (40, 10), dtype=np.uint8)


def read(path: Path) -> tuple[list[ScanImage], list[str]]:
    rows, errors = read_studies_csv(path)
    found = [*errors, *load_listed(rows)]
    return [one for one in found if isinstance(one, ScanImage)], [
        str(one) for one in found if isinstance(one, ScanError)
    ]


def test_two_windows_of_a_projection_become_one_scan(write_picture: Write, write_list: Write) -> None:
    write_picture("a/low.png", GREY)
    write_picture("a/high.png", 255 - GREY)
    (scan,), errors = read(write_list("p,s,anterior,./a/low.png,low,,2.4", "p,s,anterior,a\\high.png,high,bright-hot,"))
    assert not errors
    assert scan.counts is None
    assert (scan.renderings["low"] == GREY).all()
    assert (scan.renderings["high"] == GREY).all()
    assert (scan.names, scan.pixel_mm) == (("a/low.png", "a/high.png"), 2.4)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif"])
def test_a_single_rendering_stands_in_the_low_window(write_picture: Write, write_list: Write, name: str) -> None:
    write_picture(name, GREY)
    (scan,), _ = read(write_list(f"p,s,posterior,{name},,,"))
    assert list(scan.renderings) == ["low"]
    assert np.abs(scan.renderings["low"].astype(int) - GREY).max() <= (128 if name == "x.jpg" else 0)


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("x.png", GREY.astype(np.uint16) * 100),
        ("x.tif", GREY.astype(np.uint16) * 100),
        ("x.tif", GREY.astype(np.float32) * 100),
        ("x.tif", GREY.astype(np.int32) * 100),
    ],
    ids=["16-bit PNG", "16-bit TIFF", "float TIFF", "32-bit TIFF"],
)
def test_more_than_8_bits_are_raw_counts(
    write_picture: Write, write_list: Write, name: str, pixels: NDArray[np.float32]
) -> None:
    write_picture(name, pixels)
    (scan,), _ = read(write_list(f"p,s,anterior,{name},,,"))
    assert scan.counts is not None
    assert (scan.counts == GREY * 100.0).all()


def test_a_grey_image_saved_in_colour_is_read_as_grey(write_picture: Write, write_list: Write) -> None:
    write_picture("x.png", GREY, mode="RGB")
    (scan,), _ = read(write_list("p,s,anterior,x.png,,,"))
    assert (scan.renderings["low"] == GREY).all()


def test_rows_of_a_study_complete_each_other(write_picture: Write, write_list: Write) -> None:
    write_picture("a.png", GREY)
    write_picture("b.png", GREY)
    header = "file,projection,study,patient,date,age,sex,primary,site,metastasis,window,extra"
    listed = write_list(
        "a.png,anterior,s,p,2024-03-31,66,F,,,1,,x", "b.png,posterior,s,p,,,,breast,A,,,", header=header
    )
    scans, errors = read(listed)
    assert not errors
    visit = scans[0].visit
    assert visit == scans[1].visit
    assert (str(visit.date), visit.age, visit.sex, visit.primary) == ("2024-03-31", 66, "F", "breast")
    assert visit.metastasis is True


def test_a_row_may_name_a_frame_of_a_dicom_file(write_nm: Write, write_list: Write, counts: NDArray[np.int16]) -> None:
    write_nm(counts, (None, None))
    header = "patient,study,projection,file,frame"
    scans, errors = read(write_list("p,s,posterior,wb.dcm,1", "p,s,anterior,wb.dcm,2", header=header))
    assert not errors
    assert [scan.projection for scan in scans] == ["anterior", "posterior"]
    assert all((scan.counts == counts[1 - place]).all() for place, scan in enumerate(scans))
    assert (scans[0].visit.patient, scans[0].visit.age) == ("p", 74.1)


def test_frames_that_tell_their_projection_need_no_number(
    write_nm: Write, write_list: Write, counts: NDArray[np.int16]
) -> None:
    write_nm(counts, ("posterior", "anterior"))
    (scan,), _ = read(write_list("p,s,anterior,wb.dcm,,,"))
    assert (scan.counts == counts[1]).all()


BAD_ROWS = {
    "unknown projection": ("p,s,lateral,x.png,,,", "projection"),
    "no patient": (",s,anterior,x.png,,,", "patient"),
    "unknown window": ("p,s,anterior,x.png,middle,,", "window"),
    "unknown polarity": ("p,s,anterior,x.png,,inverse,", "polarity"),
    "pixel size in words": ("p,s,anterior,x.png,,,two", "pixel_mm"),
    "pixel size not a number": ("p,s,anterior,x.png,,,nan", "pixel_mm"),
    "pixel size of nothing": ("p,s,anterior,x.png,,,0", "pixel_mm"),
    "absent file": ("p,s,anterior,absent.png,,,", "file"),
    "a folder": ("p,s,anterior,.,,,", "file"),
    "path out of the folder": ("p,s,anterior,../x.png,,,", "file"),
    "absolute path": ("p,s,anterior,/etc/hostname,,,", "file"),
    "NUL in the path": ("p,s,anterior,x\0.png,,,", "file"),
    "too many cells": ("p,s,anterior,x.png,,,,,", "line 2"),
    "duplicate row": ("p,s,posterior,good.png,,,", "line 3: projection"),
    "16-bit rendering": ("p,s,anterior,deep.png,low,,", "window"),
    "dark-hot counts": ("p,s,anterior,deep.png,,dark-hot,", "polarity"),
    "CMYK": ("p,s,anterior,cmyk.tif,,,", "CMYK"),
    "colours": ("p,s,anterior,colour.png,,,", "RGB"),
    "black and white": ("p,s,anterior,bits.png,,,", "grey"),
    "several pages": ("p,s,anterior,pages.tif,,,", "pages"),
    "turned by EXIF": ("p,s,anterior,turned.jpg,,,", "EXIF"),
    "bomb": ("p,s,anterior,bomb.png,,,", "larger than"),
    "too many pixels": ("p,s,anterior,large.png,,,", "more than"),
    "cut short": ("p,s,anterior,short.png,,,", "short.png"),
    "empty file": ("p,s,anterior,empty.png,,,", "empty.png"),
    "not an image": ("p,s,anterior,text.png,,,", "text.png"),
    "another format": ("p,s,anterior,x.bmp,,,", "x.bmp"),
    "damaged DICOM": ("p,s,anterior,bad.dcm,,,", "bad.dcm"),
    "DICOM with a window": ("p,s,anterior,one.dcm,low,,", "window"),
    "DICOM that says otherwise": ("p,s,anterior,one.dcm,,,", "projection"),
}


def png_header(columns: int, rows: int) -> bytes:
    """A PNG that claims a size; its pixels are never reached."""
    header = b"IHDR" + struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = (
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in (header, data)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def odd_files(write_picture: Write, write_nm: Write, tmp_path: Path) -> None:
    write_picture("x.png", GREY)
    write_picture("good.png", GREY)
    write_picture("x.bmp", GREY)
    write_picture("deep.png", GREY.astype(np.uint16))
    write_picture("cmyk.tif", GREY, mode="CMYK")
    write_picture("colour.png", np.stack([GREY, GREY, 255 - GREY], axis=-1))
    write_picture("bits.png", GREY > 9)
    page = Picture.fromarray(GREY)
    page.save(tmp_path / "pages.tif", save_all=True, append_images=[page])
    exif = Picture.Exif()
    exif[0x0112] = 6
    page.save(tmp_path / "turned.jpg", exif=exif)
    (tmp_path / "bomb.png").write_bytes(png_header(30_000, 30_000))
    (tmp_path / "large.png").write_bytes(png_header(5_000, 5_000))
    (tmp_path / "short.png").write_bytes((tmp_path / "x.png").read_bytes()[:-200])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "bad.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish" * 99)
    write_nm(views=("posterior",), name="one.dcm")


@pytest.mark.usefixtures("odd_files")
@pytest.mark.parametrize(("row", "names"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_refused_by_name_and_the_others_go_on(write_list: Write, row: str, names: str) -> None:
    rows = (
        ("p,s,posterior,good.png,,,", row)
        if "duplicate" in names or "line 3" in names
        else (row, "p,s,posterior,good.png,,,")
    )
    scans, errors = read(write_list(*rows))
    assert [scan.names for scan in scans] == [("good.png",)]
    assert len(errors) == 1
    assert names in errors[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [("date", "31.03.2024"), ("age", "old"), ("age", "-4"), ("age", "inf"), ("sex", "male"), ("metastasis", "yes")],
)
def test_a_bad_value_of_the_visit_names_its_column(
    write_picture: Write, write_list: Write, column: str, value: str
) -> None:
    write_picture("x.png", GREY)
    listed = write_list(f"p,s,anterior,x.png,{value}", header=f"patient,study,projection,file,{column}")
    assert f"line 2: {column}: {value!r}" in read(listed)[1][0]


def test_two_rows_of_a_study_may_not_contradict_each_other(write_picture: Write, write_list: Write) -> None:
    write_picture("x.png", GREY)
    header = "patient,study,projection,file,age"
    scans, errors = read(write_list("p,s,anterior,x.png,60", "p,s,posterior,x.png,61", header=header))
    assert len(scans) == 1
    assert "line 3: age" in errors[0]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (("p,s,anterior,a.png,low,,", "p,s,anterior,b.png,high,,"), "size"),
        (("p,s,anterior,a.png,low,,2", "p,s,anterior,a.png,high,,3"), "pixel_mm"),
        (("p,s,anterior,a.png,low,,", "p,s,anterior,a.png,,,"), "window"),
    ],
    ids=["windows of two sizes", "windows of two pixel sizes", "a window and none"],
)
def test_the_images_of_a_projection_must_fit_together(
    write_picture: Write, write_list: Write, rows: tuple[str, str], names: str
) -> None:
    write_picture("a.png", GREY)
    write_picture("b.png", GREY[:20])
    scans, errors = read(write_list(*rows))
    assert not scans
    assert names in errors[0]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"patient,study,file\n", "missing: projection"),
        (b"patient;study;projection;file\n", "commas"),
        (b"", "missing"),
        (b"patient,patient,study,projection,file\n", "twice"),
        ("patient,study,projection,file\nMüller".encode("latin-1"), "UTF-8"),
        (b'patient,study,projection,file\n"p,s', "CSV"),
    ],
    ids=["missing column", "semicolons", "empty", "a column twice", "not UTF-8", "open quote"],
)
def test_a_list_that_cannot_be_read_is_one_error(tmp_path: Path, content: bytes, names: str) -> None:
    path = tmp_path / "studies.csv"
    path.write_bytes(content)
    scans, (error,) = read(path)
    assert not scans
    assert names in error


def test_a_list_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    assert "studies.csv" in read(tmp_path / "studies.csv")[1][0]


def test_a_byte_order_mark_is_no_part_of_the_header(write_picture: Write, tmp_path: Path) -> None:
    write_picture("x.png", GREY)
    (tmp_path / "studies.csv").write_text("patient,study,projection,file\np,s,anterior,x.png\n", encoding="utf-8-sig")
    assert len(read(tmp_path / "studies.csv")[0]) == 1
