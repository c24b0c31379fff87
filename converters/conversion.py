"""One piece of a source → the files made of it. Nothing is written here, so pieces can be converted side by side."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from converters.certificate import certificate
from converters.document import json_bytes
from converters.drawn import DrawnImage, Waiting
from converters.errors import ConversionError, LeftOut, UnreadableFile, WouldLose
from converters.label_studio_config import Used
from converters.losses import Losses, losses_of
from converters.rasterise import draw
from converters.resume import certificate_name, controls_there, outputs_there
from converters.sources import Piece, read_piece
from converters.targets import WRITERS, Files
from converters.wish import Wish


@dataclass(frozen=True, eq=False)
class Made:
    """What was made of one drawn image.

    Attributes:
        drawn: the image, without what was drawn.
        files: content by name, the certificate last; none where all of it is already there.
        names: of the files beside the certificate.
        entries: for COCO, what goes into the file of all images of one reader.
        controls: for Label Studio, what its project's configuration must have.
    """

    drawn: DrawnImage
    files: Files
    names: tuple[str, ...]
    entries: dict[str, object] | None = None
    controls: frozenset[Used] | None = None


@dataclass(frozen=True, eq=False)
class Converted:
    """What became of one piece, image by image in order, and what was found out for the file as a whole."""

    results: tuple[Made | ConversionError, ...]
    drawn_on: frozenset[str] = frozenset()
    waiting: tuple[Waiting, ...] = ()


def convert_piece(piece: Piece, folder: Path, wish: Wish) -> Converted:
    """Reads and converts; whatever is wrong with the piece is among the results.

    Args:
        piece: of the source.
        folder: where its files will lie, to see which are already there.
        wish: what is asked for.
    """
    try:
        found = read_piece(piece, wish.dialect)
    except ConversionError as error:
        return Converted((error,))
    except OSError as error:
        message = f"cannot be opened ({error.strerror or error}); check the file"
        return Converted((UnreadableFile(message, source=piece.file.paths[0].name),))
    own = {str(problem) for image in found.images for problem in image.problems}
    results: list[Made | ConversionError] = [problem for problem in found.problems if str(problem) not in own]
    for drawn in found.images:
        results += convert_drawn(drawn, folder, wish)
    return Converted(tuple(results), found.drawn_on, found.waiting)


def convert_waiting(waiting: Iterable[Waiting], drawn_on: frozenset[str], folder: Path, wish: Wish) -> Converted:
    """Images without findings, once the whole file is known: those on which readers draw are readings."""
    results: list[Made | ConversionError] = []
    for one in waiting:
        if one.tag in drawn_on or not drawn_on:
            results += [one.image] if isinstance(one.image, ConversionError) else convert_drawn(one.image, folder, wish)
    return Converted(tuple(results))


def convert_drawn(drawn: DrawnImage, folder: Path, wish: Wish) -> list[Made | ConversionError]:
    """What was made of the image, or every reason why nothing was."""
    drawn = _without_left_out(drawn)
    losses = losses_of(drawn, wish.target)
    if losses.said and not wish.allow_lossy:
        return list(_refusals(drawn, losses, wish))
    done = outputs_there(drawn, folder, wish)
    if done is not None:
        return [Made(_bare(drawn), {}, done, controls=controls_there(done, folder, wish))]
    try:
        return [_made(drawn, losses, wish)]
    except ConversionError as error:
        field = error.field or drawn.image
        return [type(error)(error.message, source=error.source or drawn.origin.name, field=field)]


def _made(drawn: DrawnImage, losses: Losses, wish: Wish) -> Made:
    drawing = draw(drawn.regions, drawn.shape)
    output = WRITERS[wish.target](drawn, drawing, wish)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in output.files.items()}
    told = certificate(drawn, drawing, hashes, output.came_back, losses) | {"asked": wish.asked()}
    proof = {certificate_name(drawn): json_bytes(told)}
    return Made(_bare(drawn), output.files | proof, tuple(output.files), output.entries, output.controls)


def _refusals(drawn: DrawnImage, losses: Losses, wish: Wish) -> Iterator[ConversionError]:
    """The problems of the image as they are, and what the target cannot say."""
    yield from drawn.problems
    unsaid = [said for said in losses.said if said not in set(map(str, drawn.problems))]
    if unsaid:
        message = f"{wish.target} cannot say: {'; '.join(unsaid)}; --allow-lossy leaves it out"
        yield WouldLose(message, source=drawn.origin.name, field=drawn.image)


def _without_left_out(drawn: DrawnImage) -> DrawnImage:
    """Shapes that were asked to be left out are no problem; notes tell of them."""
    left_out = [problem for problem in drawn.problems if isinstance(problem, LeftOut)]
    if not left_out:
        return drawn
    problems = tuple(problem for problem in drawn.problems if not isinstance(problem, LeftOut))
    return replace(drawn, problems=problems, notes=(*drawn.notes, *map(str, left_out)))


def _bare(drawn: DrawnImage) -> DrawnImage:
    """The image without what was drawn on it, which need not travel between processes."""
    return replace(drawn, regions=(), marks=(), kept={}, problems=())
