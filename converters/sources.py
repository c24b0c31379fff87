"""Any readers' file → drawn images."""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from PIL import Image

from converters.document import parse_json
from converters.drawn import DrawnImage, Origin
from converters.errors import ConversionError, UnreadableFile
from converters.label_studio import Submission, read_export
from converters.labelme import EXCLUSIONS, READ_FLAG, read_labelme
from converters.regions import Label

MOST_PIXELS = 10**8
"""Pixels of the largest image that is drawn on."""

Found = tuple[tuple[DrawnImage, ...], tuple[ConversionError, ...]]


def is_source(path: Path) -> bool:
    """Whether a file of this name may hold what readers drew."""
    return path.name.endswith(".json") and not path.name.endswith(".certificate.json")


def read_source(path: Path, labels: Mapping[str, Label] | None = None) -> Found:
    """What was drawn, image by image, and every problem of the file.

    Raises:
        UnreadableFile: none of the formats that are read.
        OSError: it cannot be opened.
    """
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    document = parse_json(content, path.name)
    if isinstance(document, dict) and "shapes" in document:
        drawn = _from_labelme(path, content, sha256, labels)
        return (drawn,), drawn.problems
    return _from_label_studio(path, document, sha256, labels)


def _from_labelme(path: Path, content: bytes, sha256: str, labels: Mapping[str, Label] | None) -> DrawnImage:
    document = read_labelme(content, path.name, labels=labels)
    size = (document.rows, document.columns)
    rows, columns = _known_size(
        size if None not in size else _size_on_disk(path.parent, document.image_path), path.name
    )
    return DrawnImage(
        origin=Origin(path.name, sha256, "labelme", document.version),
        stem=path.name.removesuffix(".json"),
        reader=None,
        image=document.image_path,
        rows=rows,
        columns=columns,
        regions=document.regions,
        exclusion=document.exclusion,
        remarks=tuple(name for name, on in document.flags.items() if on and name not in (READ_FLAG, *EXCLUSIONS)),
        problems=document.problems,
    )


def _from_label_studio(path: Path, document: object, sha256: str, labels: Mapping[str, Label] | None) -> Found:
    submissions, problems = read_export(document, path.name, labels=labels)
    submitted = [submission for submission in submissions if submission.kind == "annotation"]
    sizes = {one.images[tag]: size for one in submissions for tag, size in one.sizes.items()}
    drawable = {tag for one in submissions for tag in one.sizes}
    origin = Origin(path.name, sha256, "label-studio", "")
    images: list[DrawnImage] = []
    further = list(problems)
    for submission in submitted:
        further += submission.problems
        for tag in [tag for tag in submission.images if tag in drawable or not drawable]:
            file = submission.images[tag]
            try:
                size = _known_size(sizes.get(file) or _size_on_disk(path.parent, file), path.name)
            except UnreadableFile as error:
                further.append(error)
            else:
                images.append(_of_submission(submission, tag, size, origin))
    return tuple(images), tuple(further)


def _of_submission(submission: Submission, tag: str, size: tuple[int, int], origin: Origin) -> DrawnImage:
    controls = {
        control: values for control, values in submission.choices.items() if _is_about(control, tag, submission)
    }
    chosen = [(control, value) for control, values in controls.items() for value in values]
    return DrawnImage(
        origin=origin,
        stem=PurePosixPath(submission.images[tag]).stem,
        reader=None if submission.completed_by is None else str(submission.completed_by),
        image=submission.images[tag],
        rows=size[0],
        columns=size[1],
        regions=submission.regions.get(tag, ()),
        exclusion=next((word for word in EXCLUSIONS if word in (value for _, value in chosen)), None),
        remarks=tuple(f"{control}: {value}" for control, value in chosen if value not in EXCLUSIONS),
        problems=submission.problems,
    )


def _is_about(control: str, tag: str, submission: Submission) -> bool:
    """A choice `posterior_…` is about the image `posterior`; one that names no image is about all of the task."""
    named = [image for image in submission.images if control.startswith(f"{image}_")]
    return not named or tag in named


def _size_on_disk(folder: Path, image: str) -> tuple[int, int] | None:
    for candidate in (folder / image, folder / PurePosixPath(image).name):
        try:
            with Image.open(candidate) as opened:
                return opened.height, opened.width
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
    return None


def _known_size(size: tuple[int | None, int | None] | None, source: str) -> tuple[int, int]:
    rows, columns = size or (None, None)
    if rows is None or columns is None:
        raise UnreadableFile("says no image size; put the image file beside it", source=source)
    if rows * columns > MOST_PIXELS:
        raise UnreadableFile(f"an image of {rows} rows × {columns} columns is no scan", source=source)
    return rows, columns
