import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from converters.drawn import Dialect
from converters.errors import UnreadableFile
from converters.numpy_masks import is_numpy, read_numpy_masks
from converters.rasterise import draw

OURS = Dialect()
NUMBERS = Dialect(numbers={1: "metastasis", 2: "bladder"})
LESION = np.zeros((6, 5), bool)
LESION[1:3, 1:4] = True


def archive(path, **named):
    np.savez_compressed(path, **named)
    return path


def single(path, array):
    np.save(path, array)
    return path


def read(path, dialect=OURS):
    found = read_numpy_masks(path, dialect)
    assert found.problems == ()
    (drawn,) = found.images
    return drawn


def covered(drawn, label="metastasis"):
    return draw(drawn.regions, drawn.shape).masks[label]


def test_numpy_files_are_known_by_their_names():
    assert [is_numpy(Path(name)) for name in ("a.npz", "a.NPY", "a.png")] == [True, True, False]


@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(2))))
@settings(max_examples=40)
def test_archives_come_back_exactly_as_they_were_written(tmp_path_factory, pair):
    metastasis, bladder = pair[..., 0] & ~pair[..., 1], pair[..., 1]
    path = tmp_path_factory.mktemp("archive") / "a.2.npz"
    again = read(archive(path, metastasis=metastasis, bladder=bladder))
    assert (again.stem, again.reader, again.shape) == ("a", "2", metastasis.shape)
    assert np.array_equal(covered(again), metastasis)
    assert np.array_equal(covered(again, "bladder"), bladder)


@pytest.mark.parametrize(
    ("array", "note"),
    [
        pytest.param(LESION, None, id="bool"),
        pytest.param(LESION.astype(np.uint8) * 255, None, id="0 and 255"),
        pytest.param(LESION.astype(np.float32), None, id="0.0 and 1.0"),
        pytest.param(LESION.astype(">i8") * 7, "7 is taken to be the label", id="0 and 7, big-endian"),
        pytest.param(np.asfortranarray(LESION), None, id="column by column"),
    ],
)
def test_arrays_of_two_values_are_masks(tmp_path, array, note):
    drawn = read(archive(tmp_path / "a.npz", metastasis=array))
    assert np.array_equal(covered(drawn), LESION)
    assert note is None or any(note in said for said in drawn.notes)
    assert "no array for bladder: none is taken to be drawn" in drawn.notes


def test_the_arrays_own_words_are_translated(tmp_path):
    drawn = read(archive(tmp_path / "a.npz", lesion=LESION), Dialect(labels={"lesion": "metastasis"}))
    assert np.array_equal(covered(drawn), LESION)


def test_arrays_that_are_to_be_left_out_are_noted(tmp_path):
    drawn = read(
        archive(tmp_path / "a.npz", lesion=LESION, kidney=LESION),
        Dialect(labels={"lesion": "metastasis", "kidney": None}),
    )
    assert "array 'kidney' was asked to be left out" in drawn.notes


def test_other_arrays_beside_masks_are_noted(tmp_path):
    drawn = read(archive(tmp_path / "a.npz", metastasis=LESION, counts=np.zeros((3, 3))))
    assert "array 'counts' is not read: it is no label" in drawn.notes


@pytest.mark.parametrize("make", [single, lambda path, array: archive(path.with_suffix(".npz"), mask=array)])
def test_numbers_are_read_with_a_table(tmp_path, make):
    numbers = LESION.astype(np.int16)
    numbers[5, 0] = 2
    drawn = read(make(tmp_path / "a.npy", numbers), NUMBERS)
    assert np.array_equal(covered(drawn), LESION)
    assert np.argwhere(covered(drawn, "bladder")).tolist() == [[5, 0]]


def test_the_certificate_beside_says_image_and_reader(tmp_path):
    told = {"image": "ward/a.png", "reader": "3", "rows": 6, "columns": 5, "outputs": {"a.3.npz": "…"}}
    (tmp_path / "a.3.certificate.json").write_text(json.dumps(told))
    drawn = read(archive(tmp_path / "a.3.npz", metastasis=LESION, bladder=LESION))
    assert (drawn.stem, drawn.reader, drawn.image) == ("a", "3", "ward/a.png")


def header(shape, descr="|b1", order=False, version=b"\x01\x00"):
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return buffer.getvalue()


def pickled():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def npz(**named):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()


WHOLE = npz(metastasis=LESION, bladder=LESION)


@pytest.mark.parametrize(
    ("content", "field", "says"),
    [
        pytest.param(b"", "", "is no NumPy array", id="empty"),
        pytest.param(b"PK\x03\x04", None, "damaged archive", id="the beginning of an archive"),
        pytest.param(WHOLE[:150], None, "damaged archive", id="truncated archive"),
        pytest.param(WHOLE[:90] + b"\xff" * 9 + WHOLE[99:], None, "damaged|no NumPy", id="overwritten archive"),
        pytest.param(zipped(), None, "name no label", id="archive of nothing"),
        pytest.param(zipped(("metastasis.npy", pickled())), "metastasis", "holds object, not numbers", id="pickle"),
        pytest.param(pickled(), "", "holds object", id="pickle alone"),
        pytest.param(zipped(("a.txt", b"hello")), "a.txt", "is no NumPy array", id="archive of a text"),
        pytest.param(header((10**6, 10**6)), "", "is no scan", id="a million million pixels claimed"),
        pytest.param(header((5, 5)) + b"\1" * 24, "", "holds 24 bytes", id="too short"),
        pytest.param(header((5, 5)) + b"\1" * 26, "", "holds 26 bytes", id="too long"),
        pytest.param(header((-5, 5)), "", "NumPy|bytes|no scan", id="a negative size"),
        pytest.param(header((5, 5), version=b"\x09\x00"), "", "is no NumPy array", id="a version of the future"),
        pytest.param(header("x" * 20_000), "", "is no NumPy array", id="an endless header"),
        pytest.param(header((5, 5), descr="<U4") + b"\0" * 400, "", "not numbers", id="texts"),
        pytest.param(header((5, 5), descr="<c16") + b"\0" * 400, "", "not numbers", id="complex numbers"),
        pytest.param(npz(metastasis=LESION[0]), "metastasis", r"has the shape (5,)", id="one dimension"),
        pytest.param(npz(metastasis=LESION[None]), "metastasis", r"has the shape (1, 6, 5)", id="three dimensions"),
        pytest.param(npz(metastasis=LESION[:0]), "metastasis", "has the shape (0, 5)", id="no rows"),
        pytest.param(npz(metastasis=LESION, bladder=LESION.T), None, "different sizes", id="two sizes"),
        pytest.param(npz(metastasis=LESION * 0.5 + LESION.T[0, 0]), None, "", id="halves are taken as the label"),
        pytest.param(npz(metastasis=np.eye(6) * np.arange(6)), "metastasis", "6 different values", id="greys"),
        pytest.param(npz(metastasis=np.full((4, 4), np.nan)), "metastasis", "different values", id="not a number"),
        pytest.param(npz(mask=LESION), None, "name no label; call them metastasis and bladder", id="no label"),
        pytest.param(zipped(("metastasis.npy", b"")), "metastasis", "is no NumPy array", id="an empty array"),
        pytest.param(
            zipped(("metastasis.npy", header((1, 1)) + b"\1"), method=zipfile.ZIP_BZIP2),
            "metastasis.npy",
            "NumPy writes",
            id="packed as NumPy does not",
        ),
        pytest.param(zipped(*((f"{n}.npy", b"") for n in range(65))), None, "far more", id="countless arrays"),
    ],
)
def test_a_file_that_is_no_mask_is_refused(tmp_path, content, field, says):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    if not says:
        assert read(path).regions
        return
    with pytest.raises(UnreadableFile) as refused:
        read_numpy_masks(path, OURS)
    assert refused.value.source == "a.npz"
    assert field is None or refused.value.field == field
    assert any(part in refused.value.message for part in says.split("|")), refused.value.message


def test_what_an_archive_would_unpack_to_is_known_before_it_is_unpacked(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("metastasis.npy", "w") as member:
        for _ in range(9 * 64):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(UnreadableFile, match="far more than the masks"):
        read_numpy_masks(path, OURS)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        pytest.param(LESION * 3, "number 3: 6 pixels, the first at column 1, row 1, have no meaning", id="unknown"),
        pytest.param(LESION * 1.0, "numbers of labels are whole", id="fractions"),
        pytest.param(np.arange(2000).reshape(40, 50), "2,000 different numbers", id="an image"),
    ],
)
def test_numbers_without_meaning_are_refused(tmp_path, array, says):
    with pytest.raises(UnreadableFile) as refused:
        read_numpy_masks(single(tmp_path / "a.npy", array), NUMBERS)
    assert says in refused.value.message


def test_numbers_in_two_arrays_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="2 arrays"):
        read_numpy_masks(archive(tmp_path / "a.npz", one=LESION, two=LESION), NUMBERS)


def test_two_arrays_of_one_label_are_refused(tmp_path):
    both = Dialect(labels={"lesion": "metastasis", "met": "metastasis"})
    with pytest.raises(UnreadableFile, match="second mask of metastasis"):
        read_numpy_masks(archive(tmp_path / "a.npz", lesion=LESION, met=LESION), both)
