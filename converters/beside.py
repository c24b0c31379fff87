"""Which image and which reader a mask file is about: from the certificate beside it, else from names.

A mask says neither. Where Scintiloop wrote it, its certificate does; elsewhere the mask is called like its image, with
the reader's number, if there is one, after a dot.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converters.document import parse_json
from converters.errors import ConversionError
from converters.labelme import EXCLUSIONS
from converters.reader import reader_of

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".dcm")
MOST_BYTES = 2**22
"""Of a certificate."""


@dataclass(frozen=True)
class Subject:
    """What a mask is about.

    Attributes:
        stem, reader, image, exclusion, notes: as in `DrawnImage`.
    """

    stem: str
    reader: str | None
    image: str
    exclusion: str | None = None
    notes: tuple[str, ...] = ()


def subject_of(folder: Path, name: str, files: Sequence[str], shape: tuple[int, int]) -> Subject:
    """What the mask `files` of this `name` (image and reader) and `shape` `(rows, columns)` in a folder are about."""
    certified = _certified(folder / f"{name}.certificate.json", name, files, shape)
    if certified is not None:
        return certified
    stem, reader, notes = name, None, []
    if named := re.fullmatch(r"(.+)\.([1-9][0-9]{0,8})", name, re.DOTALL):
        stem, reader = named.groups()
        notes.append(f"the name {name!r} is read as image {stem!r}, reader {reader}")
    image = next((stem + suffix for suffix in IMAGE_SUFFIXES if _is_another(folder / (stem + suffix), files)), None)
    if image is None:
        image = f"{stem}.png"
        notes.append(f"no file says what the image is called; taken to be {image!r}")
    return Subject(stem, reader, image, notes=tuple(notes))


def _is_another(path: Path, files: Sequence[str]) -> bool:
    return path.name not in files and path.is_file()


def _certified(path: Path, name: str, files: Sequence[str], shape: tuple[int, int]) -> Subject | None:
    """What a certificate says, None where there is none of these files."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        told = parse_json(path.read_bytes(), path.name)
        if not isinstance(told, dict) or not isinstance(told.get("outputs"), dict):
            return None
        reader = reader_of(told.get("reader"), "reader")
    except (OSError, ValueError, ConversionError):
        return None
    image, exclusion = told.get("image"), told.get("exclusion")
    is_theirs = (told.get("rows"), told.get("columns")) == shape and any(file in told["outputs"] for file in files)
    if not is_theirs or not isinstance(image, str) or not image or exclusion not in (None, *EXCLUSIONS):
        return None
    stem = name if reader is None else name.removesuffix(f".{reader}")
    if reader is not None and stem == name:
        return None
    return Subject(stem, reader, image, exclusion, (f"image and reader as {path.name} says",))
