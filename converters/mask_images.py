"""Mask images: files of one label (`<image>[.<reader>].<label>.png`), maps of numbered regions
(`….<label>.instances.png`), and images in which a table of colours or numbers says what a pixel is.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converters.beside import subject_of
from converters.colours import BLACK, meaning_of
from converters.drawn import Dialect, DrawnImage, Found, Origin
from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.mask_pixels import WHITE, Level, MaskPixels, read_pixels
from converters.pieces import regions_of_mask, regions_of_numbers
from converters.regions import LABELS, Label, Labels, Mask, Region

SUFFIXES = (".png", ".gif", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")
INSTANCES = ".instances"
MOST_BYTES = 2**29
"""Of one file."""

MOST_NAMED = 5
"""Colours without meaning that are named one by one."""


@dataclass(frozen=True, eq=False)
class _File:
    """One mask image; `label` is None where its pixels say what they are."""

    path: Path
    sha256: str
    pixels: MaskPixels
    label: Label | None
    is_map: bool


@dataclass
class _Said:
    """What the files of one image come to."""

    regions: list[Region]
    notes: list[str]
    problems: list[ConversionError]


def is_mask_image(path: Path, dialect: Dialect) -> bool:
    """Whether a file is read as a mask: by its name, or because a table says what every picture's pixels mean."""
    if path.suffix.lower() not in SUFFIXES or _is_left_out(path, dialect):
        return False
    has_table = dialect.colours is not None or dialect.numbers is not None
    return has_table or _named(path, dialect) is not None


def image_key(path: Path, dialect: Dialect) -> Path:
    """The same for all mask images of one image and reader: the folder and the name that they share."""
    named = _named(path, dialect)
    return path if named is None else path.parent / named[0]


def read_mask_images(paths: Sequence[Path], dialect: Dialect) -> Found:
    """What the mask images of one `image_key` say together: one drawn image, or none and why.

    Each 8-connected piece of a mask, and each number of a map, is a painted region of exactly these pixels. Pixels
    whose colour means nothing are named as a problem of the image, and the rest is read.
    """
    problems: list[ConversionError] = []
    files: list[_File] = []
    for path in sorted(paths):
        try:
            files.append(_opened(path, dialect))
        except UnreadableFile as error:
            problems.append(error)
        except OSError as error:
            problems.append(UnreadableFile(f"cannot be opened ({error.strerror})", source=path.name))
    for file in files[1:]:
        if file.pixels.shape != files[0].pixels.shape:
            (rows, columns), (other_rows, other_columns) = file.pixels.shape, files[0].pixels.shape
            message = f"is {rows} rows × {columns} columns, {files[0].path.name} {other_rows} × {other_columns}"
            problems.append(UnreadableFile(f"{message}; masks of one image have its size", source=file.path.name))
    if problems or not files:
        return Found(problems=tuple(problems))
    return Found((_drawn(files, dialect),))


def _named(path: Path, dialect: Dialect) -> tuple[str, Label, bool] | None:
    """Image and reader, label, and whether regions are numbered, as a file name says; None where it names no label."""
    name, word, is_map = _parts(path)
    words: Labels = dialect.labels if dialect.labels is not None else {label: label for label in LABELS}
    label = words.get(word)
    return None if not name or label is None else (name, label, is_map)


def _is_left_out(path: Path, dialect: Dialect) -> bool:
    """Whether a file is a mask of a label that is to be left out."""
    name, word, _ = _parts(path)
    return bool(name) and dialect.labels is not None and dialect.labels.get(word, "") is None


def _parts(path: Path) -> tuple[str, str, bool]:
    """Image and reader, the word that may be a label, and whether the name says that regions are numbered."""
    stem = path.name[: -len(path.suffix)] if path.suffix else path.name
    name, _, word = stem.removesuffix(INSTANCES).rpartition(".")
    return name, word, stem.endswith(INSTANCES)


def _opened(path: Path, dialect: Dialect) -> _File:
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableFile("is far larger than any mask; export it again", source=path.name)
    named = _named(path, dialect)
    if named is None and dialect.colours is None and dialect.numbers is None:
        message = (
            "does not say what it is a mask of; call it NAME.metastasis.png, or give a table of colours (--colours)"
        )
        raise UnreadableFile(message, source=path.name)
    content = path.read_bytes()
    label, is_map = (None, False) if named is None else named[1:]
    return _File(path, hashlib.sha256(content).hexdigest(), read_pixels(content, path.name), label, is_map)


def _drawn(files: list[_File], dialect: Dialect) -> DrawnImage:
    first, shape = files[0], files[0].pixels.shape
    name = image_key(first.path, dialect).name if first.label else first.path.stem
    subject = subject_of(first.path.parent, name, [file.path.name for file in files], shape)
    said = _Said([], list(subject.notes), [])
    if first.label is None:
        _read_table(first, dialect, said)
    else:
        _read_labels(files, said)
    further = tuple((file.path.name, file.sha256) for file in files[1:])
    return DrawnImage(
        origin=Origin(first.path.name, first.sha256, "image", "", further),
        stem=subject.stem,
        reader=subject.reader,
        image=subject.image,
        rows=shape[0],
        columns=shape[1],
        regions=tuple(said.regions),
        exclusion=subject.exclusion,
        notes=tuple(said.notes),
        problems=tuple(said.problems),
    )


def _read_labels(files: list[_File], said: _Said) -> None:
    for label in LABELS:
        plain = [file for file in files if file.label == label and not file.is_map]
        maps = [file for file in files if file.label == label and file.is_map]
        if len(plain) > 1 or len(maps) > 1:
            second = (plain[1:] or maps[1:])[0].path.name
            said.problems.append(UnreadableFile(f"is a second mask of {label}; keep one", source=second))
        elif not plain and not maps:
            said.notes.append(f"no file for {label}: none is taken to be drawn")
        elif maps:
            _read_map(maps[0], label, plain[0] if plain else None, said)
        else:
            _add(said, _painted(plain[0], said), label)


def _read_map(file: _File, label: Label, plain: _File | None, said: _Said) -> None:
    numbers = file.pixels.numbers
    if numbers is None:
        message = "a map of regions is a grey or palette image without transparency; save it so"
        said.problems.append(UnreadableFile(message, source=file.path.name))
    elif plain is not None and not np.array_equal(_painted(plain, said), numbers != 0):
        message = f"marks other pixels than {plain.path.name}; keep the one that is right"
        said.problems.append(UnreadableFile(message, source=file.path.name))
    else:
        try:
            said.regions += regions_of_numbers(numbers, label)
        except BadRegion as error:
            said.problems.append(BadRegion(error.message, source=file.path.name))


def _painted(file: _File, said: _Said) -> Mask:
    """Where a mask of one label is: what is white, or else the only value that is not its ground."""
    levels = file.pixels.levels
    on_nothing = any(level.opacity == 0 for level in levels.values())
    others = {
        value: level for value, level in levels.items() if not (level.opacity == 0 if on_nothing else level.is_ground)
    }
    chosen = [value for value, level in others.items() if level.is_white]
    if not chosen and len(others) == 1:
        chosen = [value for value, level in others.items() if level.opacity == 255]
        said.notes += [f"{file.path.name}: {others[value].name} is taken to be the label" for value in chosen]
    strange = [value for value in others if value not in chosen]
    _refuse(file, strange, "a mask of one label has two values, 0 and 255; save it without smoothing", said)
    return np.asarray(np.isin(file.pixels.values, chosen))


def _read_table(file: _File, dialect: Dialect, said: _Said) -> None:
    """Regions of an image whose colours or numbers a table explains."""
    masks: dict[Label, Mask] = {label: np.zeros(file.pixels.shape, bool) for label in LABELS}
    strange: list[int] = []
    for value, level in file.pixels.levels.items():
        try:
            label = _meaning(level, dialect)
        except KeyError:
            strange.append(value)
        except ValueError as error:
            said.problems.append(BadRegion(f"{level.name}: {error}", source=file.path.name))
        else:
            if label is not None:
                masks[label] |= file.pixels.values == value
    said.notes += [
        f"{level.pixels} transparent pixels of {level.name} are taken to be background"
        for level in file.pixels.levels.values()
        if level.opacity == 0 and level.colour != BLACK
    ]
    _refuse(file, strange, "add it to the table of colours, or save the mask without smoothing", said)
    for label, mask in masks.items():
        _add(said, mask, label)


def _add(said: _Said, mask: Mask, label: Label) -> None:
    regions, notes = regions_of_mask(mask, label)
    said.regions += regions
    said.notes += notes


def _meaning(level: Level, dialect: Dialect) -> Label | None:
    """What pixels of one value are, None for background.

    Raises:
        KeyError: the table says nothing of them.
        ValueError: the table says two things of them.
    """
    if level.opacity == 0:
        return None
    if level.opacity < 255:
        raise KeyError(level)
    colours, numbers = dialect.colours or {}, dialect.numbers or {}
    # White of 1 bit is 1 as it is stored, and 255 to programs that widen it.
    widened = level.number == 1 and level.colour == WHITE and 1 not in numbers
    return meaning_of(255 if widened else level.number, level.colour, colours, numbers)


def _refuse(file: _File, values: list[int], mend: str, said: _Said) -> None:
    """Each of the commonest values without meaning is a problem, the others together are one."""
    levels = file.pixels.levels
    values = sorted(values, key=lambda value: (-levels[value].pixels, value))
    for value in values[:MOST_NAMED]:
        column, row = file.pixels.first(value)
        told = f"{levels[value].name}: {levels[value].pixels:,} pixels, the first at column {column}, row {row}"
        said.problems.append(BadRegion(f"{told}, have no meaning; {mend}", source=file.path.name))
    if rest := values[MOST_NAMED:]:
        count = sum(levels[value].pixels for value in rest)
        message = f"{len(rest):,} more colours ({count:,} pixels) have no meaning; {mend}"
        said.problems.append(BadRegion(message, source=file.path.name))
