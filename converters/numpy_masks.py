"""NumPy files: archives of one bool array per label (`<image>[.<reader>].npz`, as they are written here), or one array
of numbers that a table explains. Pickles are never read.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from converters.beside import subject_of
from converters.colours import meaning_of
from converters.drawn import Dialect, DrawnImage, Found, Origin
from converters.errors import UnreadableFile
from converters.limits import MOST_PIXELS
from converters.pieces import regions_of_mask
from converters.regions import LABELS, Label, Labels, Mask, Region

SUFFIXES = (".npz", ".npy")
MOST_BYTES = 2**29
"""Of one file, and of all arrays of an archive together."""

MOST_ARRAYS = 64
MOST_NUMBERS = 1000
"""Different numbers of one array of labels."""

NUMERIC = "biuf"
"""Kinds of arrays that masks may be: bool, whole numbers, and 0.0 and 1.0."""

HEADERS: dict[tuple[int, int], Callable[[io.BytesIO], Any]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # as the second, in UTF-8, which makes no difference to arrays of numbers
}

Values = NDArray[np.generic]


def is_numpy(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def read_numpy_masks(path: Path, dialect: Dialect) -> Found:
    """What the arrays of one file say: one drawn image, each 8-connected piece a painted region of exactly its pixels.

    Raises:
        UnreadableFile: no NumPy file, pickled, damaged, too large, or arrays that are no masks of one image.
        OSError: it cannot be opened.
    """
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableFile("is far larger than any mask; save each image in a file of its own", source=path.name)
    content = path.read_bytes()
    try:
        arrays = dict(_arrays(content, path))
        masks, notes = _masks(arrays, dialect)
    except UnreadableFile as error:
        raise UnreadableFile(error.message, source=path.name, field=error.field) from error
    (shape,) = {(mask.shape[0], mask.shape[1]) for mask in masks.values()}
    subject = subject_of(path.parent, path.stem, [path.name], shape)
    regions: list[Region] = []
    for label in LABELS:
        found, further = regions_of_mask(masks[label], label) if label in masks else ((), (_absent(label),))
        regions += found
        notes += further
    drawn = DrawnImage(
        origin=Origin(path.name, hashlib.sha256(content).hexdigest(), "numpy", ""),
        stem=subject.stem,
        reader=subject.reader,
        image=subject.image,
        rows=shape[0],
        columns=shape[1],
        regions=tuple(regions),
        exclusion=subject.exclusion,
        notes=(*subject.notes, *notes),
    )
    return Found((drawn,))


def _absent(label: Label) -> str:
    return f"no array for {label}: none is taken to be drawn"


def _arrays(content: bytes, path: Path) -> Iterator[tuple[str, Values]]:
    """The arrays by name; that of a `.npy` has none."""
    if not content.startswith(b"PK"):
        yield "", _array(content, "")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_archive(members)
            for member in members:
                name = member.filename.removesuffix(".npy")
                yield name, _array(archive.read(member), name)
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile(f"is a damaged archive ({error}); save it again") from error


def _check_archive(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > MOST_BYTES:
        raise UnreadableFile("holds far more than the masks of one image; save each image in a file of its own")
    names = [member.filename for member in members]
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or names.count(member.filename) > 1:
            raise UnreadableFile("is not an archive that NumPy writes; use numpy.savez", field=member.filename)


def _array(content: bytes, name: str) -> Values:
    """The array in a `.npy`, its claims checked before anything is allocated."""
    stream = io.BytesIO(content)
    try:
        shape, by_columns, dtype = HEADERS[npy.read_magic(stream)](stream)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise UnreadableFile(f"is no NumPy array, or damaged ({error}); save it again", field=name) from error
    if dtype.kind not in NUMERIC or dtype.itemsize > 8:
        raise UnreadableFile(f"holds {dtype}, not numbers; save masks as bool or whole numbers", field=name)
    if len(shape) != 2 or 0 in shape:
        message = f"has the shape {shape}; a mask is (rows, columns), with an array for each label"
        raise UnreadableFile(message, field=name)
    if shape[0] * shape[1] > MOST_PIXELS:
        raise UnreadableFile(f"an image of {shape[0]} rows × {shape[1]} columns is no scan", field=name)
    left = len(content) - stream.tell()
    if left != shape[0] * shape[1] * dtype.itemsize:
        raise UnreadableFile(f"holds {left} bytes, its shape {shape} says otherwise; save it again", field=name)
    flat = np.frombuffer(content, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if by_columns else "C")


def _masks(arrays: Mapping[str, Values], dialect: Dialect) -> tuple[dict[Label, Mask], list[str]]:
    """A mask per label that the arrays speak of, and notes.

    Raises:
        UnreadableFile: no array says what it is a mask of, or one is no mask, or their sizes differ.
    """
    told: Labels = dialect.labels if dialect.labels is not None else {label: label for label in LABELS}
    words = {word: label for word, label in told.items() if label is not None}
    notes = [f"array {name!r} was asked to be left out" for name in arrays if told.get(name, "") is None]
    named = {name: array for name, array in arrays.items() if name in words}
    others = {name: array for name, array in arrays.items() if name not in told}
    if not named:
        masks = _numbered(others, words, dialect)
    else:
        notes += [f"array {name!r} is not read: it is no label" for name in others]
        masks = {}
        for name, array in named.items():
            if words[name] in masks:
                raise UnreadableFile(f"is a second mask of {words[name]}; keep one", field=name)
            masks[words[name]] = _painted(array, name, notes)
    shapes = {mask.shape: label for label, mask in masks.items()}
    if len(shapes) > 1:
        sizes = ", ".join(f"{label} {shape[0]} rows × {shape[1]} columns" for shape, label in shapes.items())
        raise UnreadableFile(f"holds masks of different sizes ({sizes}); masks of one image have its size")
    return masks, notes


def _painted(array: Values, name: str, notes: list[str]) -> Mask:
    told = np.unique(array)
    others = told[told != 0]
    if len(others) > 1 or not np.isfinite(told).all():
        shown = ", ".join(map(str, told[:5].tolist()))
        message = f"holds {len(told):,} different values ({shown}{', …' if len(told) > 5 else ''}); a mask is 0 and 1"
        raise UnreadableFile(message, field=name)
    if len(others) and others[0] not in (1, 255):
        notes.append(f"array {name!r}: {others[0]} is taken to be the label")
    return np.asarray(array != 0)


def _numbered(arrays: Mapping[str, Values], words: Mapping[str, Label], dialect: Dialect) -> dict[Label, Mask]:
    if dialect.numbers is None:
        names = ", ".join(map(repr, arrays)) or "none"
        message = (
            f"arrays {names} name no label; call them {' and '.join(words)}, or give a table of numbers (--colours)"
        )
        raise UnreadableFile(message)
    if len(arrays) != 1:
        message = f"holds {len(arrays)} arrays ({', '.join(arrays)}); an image of numbers is one array"
        raise UnreadableFile(message)
    ((name, array),) = arrays.items()
    if array.dtype.kind == "f":
        raise UnreadableFile(f"holds {array.dtype}; numbers of labels are whole", field=name)
    told = np.unique(array).tolist()
    if len(told) > MOST_NUMBERS:
        raise UnreadableFile(f"holds {len(told):,} different numbers; it is no image of labels", field=name)
    masks = {label: np.zeros(array.shape, bool) for label in LABELS}
    for number in told:
        try:
            label = meaning_of(int(number), None, {}, dialect.numbers)
        except KeyError:
            at = np.unravel_index(int(np.argmax(array == number)), array.shape)
            where = f"{np.count_nonzero(array == number):,} pixels, the first at column {at[1]}, row {at[0]}"
            message = f"number {number}: {where}, have no meaning; add it to the table"
            raise UnreadableFile(message, field=name) from None
        if label is not None:
            masks[label] |= array == number
    return masks
