"""A file or a folder of readers' files → a folder in another format, one certificate per drawn image.

Pieces are converted side by side; what they become is written in the order of the sources, so that it does not depend
on how many are at work. One bad file is reported and the rest goes on; a file of the result is there whole or not at
all; what a certificate shows to be there already is not made again.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from converters.conversion import Converted, convert_piece, convert_waiting
from converters.drawn import Waiting
from converters.errors import ConversionError, UnreadableFile
from converters.side_by_side import in_order, processors
from converters.sources import Piece, SourceFile, files_of, pieces_of
from converters.targets import WRITERS
from converters.wish import Wish
from converters.writing import Outcome, Writer

TARGETS = tuple(WRITERS)

WORTH_MORE_PROCESSES = 2**22
"""Bytes of all sources from which the start of further processes pays."""

Progress = Callable[[str, int, int], None]
"""Called with the name of each finished file, its number from 1, and how many there are."""


@dataclass(frozen=True, eq=False)
class _Step:
    """A piece of a file, what keeps one from being a piece, or (neither) the end of the file."""

    file: SourceFile
    piece: Piece | None = None
    error: ConversionError | None = None


@dataclass
class _Known:
    """What is known of the file that is being read."""

    drawn_on: frozenset[str] = frozenset()
    waiting: list[Waiting] = field(default_factory=list)


def convert(
    source: Path, destination: Path, wish: Wish, *, jobs: int | None = None, progress: Progress | None = None
) -> Outcome:
    """Convert a file, or every readers' file below a folder, into `destination`.

    Args:
        source: a file, or a folder.
        destination: a folder; made if need be.
        wish: what is asked for.
        jobs: processes to work with; None for as many as are worth it.
        progress: told of each finished file.
    """
    writer = Writer(destination)
    files = files_of(source, destination, wish.dialect)
    if not files:
        message = "holds no readers' file (*.json, *.npz, *.npy or NAME.metastasis.png)"
        writer.outcome.errors.append(UnreadableFile(message, source=source.name))
    work = partial(_convert_step, destination=destination, wish=wish)
    known, finished = _Known(), 0
    try:
        for step, converted in in_order(_steps(files, wish), work, jobs or _worth(files), __name__):
            writer.take(converted, step.file)
            known.drawn_on |= converted.drawn_on
            known.waiting += converted.waiting
            if step.piece is None and step.error is None:
                folder = destination / step.file.below
                writer.take(convert_waiting(known.waiting, known.drawn_on, folder, wish), step.file)
                known, finished = _Known(), finished + 1
                if progress:
                    progress(step.file.name, finished, len(files))
    except BrokenProcessPool:
        message = "a process ended, perhaps for want of memory; run again with --jobs 1, which goes on where this ended"
        writer.outcome.errors.append(ConversionError(message, source=source.name))
    writer.close()
    return writer.outcome


def _steps(files: Iterable[SourceFile], wish: Wish) -> Iterator[_Step]:
    for file in files:
        try:
            for piece in pieces_of(file, wish.dialect):
                yield _Step(file, error=piece) if isinstance(piece, ConversionError) else _Step(file, piece)
        except ConversionError as error:
            yield _Step(file, error=error)
        except OSError as error:
            message = f"cannot be opened ({error.strerror or error}); check the file"
            yield _Step(file, error=UnreadableFile(message, source=file.paths[0].name))
        yield _Step(file)


def _convert_step(step: _Step, destination: Path, wish: Wish) -> Converted:
    if step.piece is not None:
        return convert_piece(step.piece, destination / step.file.below, wish)
    return Converted(() if step.error is None else (step.error,))


def _worth(files: Iterable[SourceFile]) -> int:
    size = sum(path.stat().st_size for file in files for path in file.paths if path.exists())
    return processors() if size >= WORTH_MORE_PROCESSES else 1
