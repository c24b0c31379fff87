"""A file or folder of what readers drew → pieces that can be read each on its own.

A piece is a file, the mask images of one image, or one task of a Label Studio export, which may hold thousands.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from converters.coco import read_coco
from converters.document import parse_json
from converters.drawn import Dialect, DrawnImage, Found, Origin
from converters.errors import ConversionError, UnreadableFile
from converters.json_list import elements, is_list
from converters.label_studio_images import drawn_of_task
from converters.labelme import EXCLUSIONS, READ_FLAG, labelme_of
from converters.limits import MOST_BYTES
from converters.mask_images import image_key, is_mask_image, read_mask_images
from converters.numpy_masks import is_numpy, read_numpy_masks
from converters.picture_size import checked_size, size_beside

HEAD_BYTES = 1024


@dataclass(frozen=True)
class SourceFile:
    """Attributes:
    below: the folder it lies in, relative to the source.
    paths: the file, or the mask images of one image.
    """

    below: PurePosixPath
    paths: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Relative to the source."""
        return (self.below / self.paths[0].name).as_posix()

    def sha256(self) -> str:
        """Of the file; of all hashes where there are several.

        Raises:
            OSError: it cannot be opened.
        """
        hashes = [_sha256(path) for path in self.paths]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Piece:
    """Attributes:
    file: where it is from.
    where: its place in the file, "" for the whole file.
    content: the task as JSON, None for the whole file.
    sha256: of the file, where `content` is given.
    """

    file: SourceFile
    where: str = ""
    content: bytes | None = None
    sha256: str = ""


def files_of(source: Path, destination: Path, dialect: Dialect) -> list[SourceFile]:
    """The files to read, by name: `source`, or all below it that may hold what readers drew, without `destination`."""
    if source.is_file():
        return [SourceFile(PurePosixPath(), (source,))]
    inside = destination.resolve()
    grouped: dict[Path, list[Path]] = {}
    for path in sorted(source.rglob("*")):
        if not _may_hold_drawings(path.relative_to(source), dialect) or path.resolve().is_relative_to(inside):
            continue
        if path.is_file():
            grouped.setdefault(image_key(path, dialect) if is_mask_image(path, dialect) else path, []).append(path)
    return [
        SourceFile(PurePosixPath(paths[0].parent.relative_to(source).as_posix()), tuple(paths))
        for paths in grouped.values()
        # An archive beside the images of the same masks says nothing that they do not.
        if not (is_numpy(paths[0]) and paths[0].with_suffix("") in grouped)
    ]


def pieces_of(file: SourceFile, dialect: Dialect) -> Iterator[Piece | ConversionError]:
    """The file's pieces in order, and what keeps one from being a piece.

    Raises:
        UnreadableFile: a list that breaks off; what came before was given.
        OSError: it cannot be opened.
    """
    path = file.paths[0]
    if is_numpy(path) or is_mask_image(path, dialect) or not _is_list(path):
        yield Piece(file)
        return
    sha256 = _sha256(path)
    with path.open("rb") as stream:
        for index, content in enumerate(elements(stream, path.name)):
            if content is None:
                message = f"the task has more than {MOST_BYTES:,} bytes; export it alone and split it"
                yield UnreadableFile(message, source=path.name, field=f"[{index}]")
            else:
                yield Piece(file, f"[{index}]", content, sha256)


def read_piece(piece: Piece, dialect: Dialect) -> Found:
    """What was drawn.

    Raises:
        ConversionError: none of the formats that are read, or damaged.
        OSError: it cannot be opened.
    """
    path = piece.file.paths[0]
    if piece.content is not None:
        origin = Origin(path.name, piece.sha256, "label-studio", "")
        try:
            task = parse_json(piece.content, path.name)
        except UnreadableFile as error:
            raise UnreadableFile(error.message, source=path.name, field=piece.where) from error
        return drawn_of_task(task, piece.where, origin, path.parent, dialect)
    if is_numpy(path):
        return read_numpy_masks(path, dialect)
    if is_mask_image(path, dialect):
        return read_mask_images(piece.file.paths, dialect)
    return _of_document(path, dialect)


def _of_document(path: Path, dialect: Dialect) -> Found:
    if path.stat().st_size > MOST_BYTES:
        raise UnreadableFile(f"has more than {MOST_BYTES:,} bytes; split the file", source=path.name)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    document = parse_json(content, path.name)
    if isinstance(document, dict) and "shapes" in document:
        return _of_labelme(path, document, sha256, dialect)
    if isinstance(document, dict) and "images" in document and "annotations" in document:
        return read_coco(document, path.name, Origin(path.name, sha256, "coco", ""), dialect)
    return drawn_of_task(document, "", Origin(path.name, sha256, "label-studio", ""), path.parent, dialect)


def _of_labelme(path: Path, data: object, sha256: str, dialect: Dialect) -> Found:
    document = labelme_of(data, path.name, labels=dialect.labels, keep_marks=dialect.keep_marks)
    said = None if document.rows is None or document.columns is None else (document.rows, document.columns)
    try:
        rows, columns = checked_size(said or size_beside(path.parent, document.image_path), path.name)
    except UnreadableFile as error:
        return Found(problems=(*document.problems, error))
    inside = document.embedded_image
    kept = {} if inside is None else {"imageData": base64.b64encode(inside).decode("ascii")}
    drawn = DrawnImage(
        origin=Origin(path.name, sha256, "labelme", document.version),
        stem=path.name.removesuffix(".json"),
        reader=None,
        image=document.image_path,
        rows=rows,
        columns=columns,
        regions=document.regions,
        exclusion=document.exclusion,
        remarks=tuple(name for name, on in document.flags.items() if on and name not in (READ_FLAG, *EXCLUSIONS)),
        notes=document.notes,
        marks=document.marks,
        kept={"flags": document.flags, **kept, **document.kept},
        problems=document.problems,
    )
    return Found(images=(drawn,))


def _may_hold_drawings(path: Path, dialect: Dialect) -> bool:
    if any(part.startswith(".") for part in path.parts):
        return False
    if path.name.endswith(".json"):
        return not path.name.endswith(".certificate.json")
    return is_mask_image(path, dialect) or is_numpy(path)


def _is_list(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_list(stream.read(HEAD_BYTES))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
