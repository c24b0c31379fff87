"""A file or a folder of readers' files → a folder in another format, one certificate per drawn image.

One bad file is reported and the rest goes on; a file of the result is there whole or not at all.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from converters.certificate import certificate
from converters.coco import write_coco
from converters.drawn import DrawnImage
from converters.errors import ConversionError, NameTaken, UnreadableFile, WouldLose
from converters.rasterise import draw
from converters.regions import Label
from converters.sources import is_source, read_source
from converters.targets import WRITERS, Files, arrays, instances, not_kept

TARGETS = (*WRITERS, "coco")


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        target: one of TARGETS.
        with_instances, with_arrays: masks also as numbered components, as NumPy archives.
        allow_lossy: go on where the target cannot say all that the source says; the certificate tells.
        labels: what the sources' labels mean, where they are not ours.
    """

    target: str
    with_instances: bool = False
    with_arrays: bool = False
    allow_lossy: bool = False
    labels: Mapping[str, Label] | None = None


@dataclass
class Outcome:
    """What was done: per drawn image its outputs, and everything that was not done."""

    converted: list[dict[str, object]] = field(default_factory=list)
    errors: list[ConversionError] = field(default_factory=list)


def convert(source: Path, destination: Path, wish: Wish) -> Outcome:
    """Convert a file, or every readers' file below a folder, into `destination`."""
    outcome = Outcome()
    taken: dict[Path, str] = {}
    done: list[DrawnImage] = []
    files = list(_files(source, destination))
    if not files:
        outcome.errors.append(UnreadableFile("holds no readers' file (*.json)", source=source.name))
    for path in files:
        below = path.parent.relative_to(source) if source.is_dir() else Path()
        for drawn in _read(path, below, wish, outcome):
            with _reported(outcome, drawn.origin.name):
                outcome.converted.append(_convert_one(drawn, destination / below, wish, taken))
                done.append(drawn)
    if wish.target == "coco":
        with _reported(outcome, str(destination)):
            _write_coco(done, destination)
    return outcome


@contextmanager
def _reported(outcome: Outcome, name: str) -> Iterator[None]:
    """What goes wrong with one output is reported, and the next one is made."""
    try:
        yield
    except ConversionError as error:
        outcome.errors.append(error)
    except (OSError, ValueError) as error:
        outcome.errors.append(ConversionError(f"cannot be written ({error})", source=name))


def _write_coco(images: list[DrawnImage], destination: Path) -> None:
    by_reader: dict[str, list[DrawnImage]] = {}
    for drawn in images:
        by_reader.setdefault(drawn.reader or "annotations", []).append(drawn)
    for reader, theirs in by_reader.items():
        _write(destination / f"{reader}.coco.json", json.dumps(write_coco(theirs), indent=1).encode())


def _files(source: Path, destination: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if path.is_file() and is_source(path) and not path.resolve().is_relative_to(destination.resolve()):
            yield path


def _read(path: Path, below: Path, wish: Wish, outcome: Outcome) -> tuple[DrawnImage, ...]:
    try:
        drawn, problems = read_source(path, wish.labels)
    except ConversionError as error:
        drawn, problems = (), (error,)
    except OSError as error:
        drawn, problems = (), (UnreadableFile(f"cannot be opened ({error.strerror})", source=path.name),)
    for problem in problems:
        named = (below / (problem.source or path.name)).as_posix()
        outcome.errors.append(type(problem)(problem.message, source=named, field=problem.field))
    return drawn


def _convert_one(drawn: DrawnImage, folder: Path, wish: Wish, taken: dict[Path, str]) -> dict[str, object]:
    lost = not_kept(drawn, wish.target)
    if lost and not wish.allow_lossy:
        message = f"{wish.target} cannot say: {'; '.join(lost)}; --allow-lossy leaves it out"
        raise WouldLose(message, source=drawn.origin.name, field=drawn.image)
    proof = folder / f"{drawn.name}.certificate.json"
    if proof in taken:
        message = f"{drawn.name!r} is already the output of {taken[proof]}; rename one of the two"
        raise NameTaken(message, source=drawn.origin.name, field=drawn.image)
    taken[proof] = drawn.origin.name
    drawing = draw(drawn.regions, drawn.shape)
    files: Files = WRITERS[wish.target](drawn, drawing) if wish.target in WRITERS else {}
    files |= instances(drawn, drawing) if wish.with_instances else {}
    files |= arrays(drawn, drawing) if wish.with_arrays else {}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    told = json.dumps(certificate(drawn, drawing, hashes, lost), ensure_ascii=False, indent=2)
    for name, content in (*files.items(), (proof.name, told.encode())):
        _write(folder / name, content)
    outputs = [str(folder / name) for name in files]
    return {"source": drawn.origin.name, "image": drawn.image, "reader": drawn.reader, "outputs": outputs}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as half:
        temporary = Path(half.name)
        try:
            half.write(content)
            half.close()
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
