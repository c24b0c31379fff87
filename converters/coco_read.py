"""COCO's JSON → drawn images: one per image and reader."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters.coco_annotations import Allowance, has_outline, key_points_of, mark_of, regions_of
from converters.coco_images import Images, Listed, Number, Theirs, number_of_entry, read_categories, read_images
from converters.drawn import Dialect, DrawnImage, Found, Origin
from converters.errors import BadRegion, ConversionError, UnreadableFile
from converters.outlines import label_of, shortened
from converters.reader import reader_of

LISTS = ("images", "annotations", "categories", "marks")


@dataclass
class _Document:
    """What annotations are read with, and the problems that are no image's own."""

    dialect: Dialect
    images: Images
    categories: dict[Number, str]
    problems: list[ConversionError]
    allowance: Allowance = field(default_factory=Allowance)


def read_coco(document: object, source: str, origin: Origin, dialect: Dialect) -> Found:
    """What each reader drew on each image; an image without annotations is a reading without findings.

    Images and annotations say their reader as `annotator`, an annotation without one has its image's. Polygons of one
    annotation are parts of one lesion and unite, as they do in pycocotools; only run lengths have holes.

    Args:
        document: the parsed JSON.
        source: its name for messages.
        origin: the file.
        dialect: how it means what it says.

    Raises:
        UnreadableFile: no COCO document.
    """
    if not isinstance(document, dict):
        mend = "results of a detector need their images; give the file with `images` and `categories`"
        raise UnreadableFile(f"no COCO document; {mend}", source=source)
    lists = _lists(document, source)
    names, of_categories, category_problems = read_categories(lists["categories"], dialect.labels)
    besides = {
        "document": {key: value for key, value in document.items() if key not in LISTS},
        "categories": of_categories,
    }
    images = read_images(lists["images"], {key: told for key, told in besides.items() if told})
    told = _Document(dialect, images, names, [*category_problems, *images.problems])
    for key, read in (("annotations", _read_annotation), ("marks", _read_mark)):
        for index, entry in enumerate(lists[key]):
            _take(entry, f"{key}[{index}]", read, told)
    drawn = tuple(one for image in images.listed.values() for one in _drawn(image, source, origin))
    return Found(drawn, tuple(_at(problem, source) for problem in told.problems))


def _lists(document: dict[str, Any], source: str) -> dict[str, list[object]]:
    for key in LISTS:
        if not isinstance(document.get(key, []), list):
            raise UnreadableFile(f"expected a list, found {shortened(document[key])}", source=source, field=key)
    return {key: document.get(key, []) for key in LISTS}


def _take(
    entry: object, where: str, read: Callable[[dict[str, Any], Listed, Theirs, _Document], None], told: _Document
) -> None:
    """Read one annotation or mark; what is wrong with it is a problem of its image and reader, where they are known."""
    problems = told.problems
    try:
        if not isinstance(entry, dict):
            raise BadRegion(f"{shortened(entry)} is no object")
        number = number_of_entry(entry.get("image_id"), "image_id")
        if number in told.images.unreadable:
            return
        if number not in told.images.listed:
            raise BadRegion(f"no image has the number {shortened(number)}", field="image_id")
        image = told.images.listed[number]
        reader = reader_of(entry.get("annotator"), "annotator")
        theirs = image.by(image.reader if reader is None else reader)
        problems = theirs.problems
        before = len(theirs.notes)
        read(entry, image, theirs, told)
        theirs.notes[before:] = [f"{where}: {note}" for note in theirs.notes[before:]]
    except ConversionError as error:
        problems.append(type(error)(error.message, field=f"{where}.{error.field}" if error.field else where))


def _read_annotation(annotation: dict[str, Any], image: Listed, theirs: Theirs, told: _Document) -> None:
    number = number_of_entry(annotation.get("category_id"), "category_id")
    if number not in told.categories:
        raise BadRegion(f"no category has the number {shortened(number)}", field="category_id")
    name = told.categories[number]
    if has_outline(annotation):
        label = label_of(name, told.dialect.labels, "category_id")
        regions, notes = regions_of(annotation, label, image.size, len(theirs.regions) + 1, told.allowance)
        theirs.regions += regions
        theirs.notes += notes
    elif told.dialect.labels is not None and told.dialect.labels.get(name, "") is None:
        label_of(name, told.dialect.labels, "category_id")
    marks = key_points_of(annotation, name)
    if marks and not told.dialect.keep_marks:
        raise BadRegion("key points have no area; draw an outline, or keep them with --marks keep", field="keypoints")
    theirs.marks += marks


def _read_mark(entry: dict[str, Any], image: Listed, theirs: Theirs, told: _Document) -> None:
    mark = mark_of(entry)
    if not told.dialect.keep_marks:
        message = f"a {mark.kind} has no area; draw an outline, or keep it as a mark with --marks keep"
        raise BadRegion(message, field="kind")
    theirs.marks.append(mark)


def _drawn(image: Listed, source: str, origin: Origin) -> Iterator[DrawnImage]:
    if image.reader is not None or not image.theirs:
        image.by(image.reader)
    for reader, theirs in sorted(image.theirs.items(), key=lambda item: item[0] or ""):
        yield DrawnImage(
            origin=origin,
            stem=PurePosixPath(image.file).stem,
            reader=reader,
            image=image.file,
            rows=image.size[0],
            columns=image.size[1],
            regions=tuple(theirs.regions),
            exclusion=image.exclusion,
            remarks=image.remarks,
            notes=(*image.notes, *theirs.notes),
            marks=tuple(theirs.marks),
            kept=image.kept,
            problems=tuple(_at(problem, source) for problem in theirs.problems),
        )


def _at(problem: ConversionError, source: str) -> ConversionError:
    return type(problem)(problem.message, source=source, field=problem.field)
