"""The images and categories of a COCO document, to which its annotations refer by number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.labelme import EXCLUSIONS
from converters.limits import MOST_PIXELS
from converters.outlines import shortened
from converters.reader import reader_of
from converters.regions import LABELS, Labels, Mark, Region

OURS = ("id", "file_name", "width", "height", "annotator", "exclusion", "remarks")

Number = int | str
"""By which annotations refer to images and categories."""


@dataclass
class Theirs:
    """What one reader drew on one image."""

    regions: list[Region] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[ConversionError] = field(default_factory=list)


@dataclass
class Listed:
    """An entry of `images`.

    Attributes:
        file, size, reader, exclusion, remarks, kept, notes: as `DrawnImage`'s.
        theirs: what each reader drew on it.
    """

    file: str
    size: tuple[int, int]
    reader: str | None
    exclusion: str | None
    remarks: tuple[str, ...]
    kept: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    theirs: dict[str | None, Theirs] = field(default_factory=dict)

    def by(self, reader: str | None) -> Theirs:
        return self.theirs.setdefault(reader, Theirs())


@dataclass(frozen=True)
class Images:
    """Attributes:
    listed: by number.
    unreadable: numbers of those that cannot be read; the problems say why.
    """

    listed: dict[Number, Listed]
    unreadable: frozenset[Number]
    problems: tuple[ConversionError, ...]


def number_of_entry(value: object, field: str) -> Number:
    """The number of an image or category.

    Raises:
        BadRegion: it is neither a whole number nor a text.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadRegion(f"{shortened(value)} is no number", field=field)
    return value


def read_images(entries: Sequence[object], besides: dict[str, Any]) -> Images:
    """The images, each with what the document says `besides`; fields of the problems begin at the document.

    Where several entries show one file and do not speak of annotators, as in Label Studio's exports, each entry
    is a reader's.
    """
    dicts = [entry for entry in entries if isinstance(entry, dict)]
    numbers = Counter(repr(entry.get("id")) for entry in dicts)
    unsigned = Counter(repr(entry.get("file_name")) for entry in dicts if "annotator" not in entry)
    listed: dict[Number, Listed] = {}
    unreadable: set[Number] = set()
    problems: list[ConversionError] = []
    for index, entry in enumerate(entries):
        try:
            if not isinstance(entry, dict):
                raise UnreadableFile(f"{shortened(entry)} is no image")
            number = number_of_entry(entry.get("id"), "id")
            unreadable.add(number)
            if (same := numbers[repr(number)]) > 1:
                raise UnreadableFile(f"{same} images have the number {number!r}; number them anew", field="id")
            image = _image(entry, besides)
        except ConversionError as error:
            field = f"images[{index}].{error.field}" if error.field else f"images[{index}]"
            problems.append(type(error)(error.message, field=field))
            continue
        if "annotator" not in entry and (same := unsigned[repr(entry["file_name"])]) > 1:
            image.reader = f"entry-{index}"
            image.notes.append(f"{same} entries show {image.file!r} and name no annotator; this is {image.reader!r}")
        unreadable.remove(number)
        listed[number] = image
    return Images(listed, frozenset(unreadable), tuple(problems))


def read_categories(
    entries: Sequence[object], labels: Labels | None
) -> tuple[dict[Number, str], dict[str, Any], tuple[ConversionError, ...]]:
    """Names by number, what the categories of each of our labels say besides, and problems."""
    known: Labels = labels if labels is not None else {label: label for label in LABELS}
    names: dict[Number, str] = {}
    besides: dict[str, Any] = {}
    problems: list[ConversionError] = []
    for index, entry in enumerate(entries):
        where = f"categories[{index}]"
        told = entry if isinstance(entry, dict) else {}
        name = told.get("name")
        try:
            number = number_of_entry(told.get("id"), "id")
            if not isinstance(name, str):
                raise BadRegion(f"{shortened(name)} is no name of a category", field="name")
            if names.setdefault(number, name) != name:
                raise BadRegion(f"{number!r} is {shortened(names[number])} already; number them anew", field="id")
        except BadRegion as error:
            problems.append(BadRegion(error.message, field=f"{where}.{error.field}"))
            continue
        further = {key: value for key, value in told.items() if key not in ("id", "name")}
        label = known.get(name)
        if label is not None and further:
            besides.setdefault(label, further)
    return names, besides, tuple(problems)


def _image(entry: dict[str, Any], besides: dict[str, Any]) -> Listed:
    """
    Raises:
        ConversionError: the entry cannot be an image; fields are relative to it.
    """
    file = entry.get("file_name")
    if not isinstance(file, str) or not PurePosixPath(file.replace("\\", "/")).stem:
        raise UnreadableFile(f"{shortened(file)} is no name of an image file", field="file_name")
    rows, columns = (_side(entry.get(key), key) for key in ("height", "width"))
    if rows * columns > MOST_PIXELS:
        raise UnreadableFile(f"an image of {rows} rows × {columns} columns is no scan", field="height")
    exclusion, remarks = entry.get("exclusion"), entry.get("remarks", [])
    if exclusion not in (None, *EXCLUSIONS):
        message = f"{shortened(exclusion)} is no reason for leaving an image out; use one of {', '.join(EXCLUSIONS)}"
        raise UnreadableFile(message, field="exclusion")
    if not isinstance(remarks, list) or not all(isinstance(remark, str) for remark in remarks):
        raise UnreadableFile(f"{shortened(remarks)} is no list of remarks", field="remarks")
    kept = besides | {key: value for key, value in entry.items() if key not in OURS}
    reader = reader_of(entry.get("annotator"), "annotator")
    return Listed(file.replace("\\", "/"), (rows, columns), reader, exclusion, tuple(remarks), kept)


def _side(value: object, field: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"{shortened(value)} is no size in pixels; add the image's `width` and `height`"
        raise UnreadableFile(message, field=field)
    return value
