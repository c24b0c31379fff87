"""What conversions made → files, in the order of the sources, each whole or not at all."""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from converters.coco import coco_document
from converters.conversion import Converted, Made
from converters.errors import ConversionError, NameTaken
from converters.label_studio_config import Used, labelling_config
from converters.resume import certificate_name
from converters.sources import SourceFile

LABELLING_CONFIG = "labelling-config.xml"
"""The Label Studio project's configuration that the written tasks need."""


@dataclass
class Outcome:
    """What was done: per drawn image its outputs, and everything that was not done.

    Attributes:
        converted: `source`, `image`, `reader` and `outputs` of each drawn image.
        errors: what was not done, and why.
        already_there: how many of the converted had been made before.
    """

    converted: list[dict[str, object]] = field(default_factory=list)
    errors: list[ConversionError] = field(default_factory=list)
    already_there: int = 0


class Writer:
    """Writes below `destination` and keeps account; two outputs of one name are an error of the second."""

    def __init__(self, destination: Path) -> None:
        self.outcome = Outcome()
        self._destination = destination
        self._taken: dict[Path, str] = {}
        self._coco: dict[Path, list[dict[str, object]]] = {}
        self._controls: frozenset[Used] | None = None

    def take(self, converted: Converted, file: SourceFile) -> None:
        """Writes what was made of a piece of `file` and notes what was not."""
        for result in converted.results:
            try:
                if isinstance(result, ConversionError):
                    raise result
                self._write_one(result, file)
            except ConversionError as error:
                named = (file.below / (error.source or file.paths[0].name)).as_posix()
                self.outcome.errors.append(type(error)(error.message, source=named, field=error.field))

    def close(self) -> None:
        """Writes what is about several images: COCO files of one reader, the configuration that tasks need."""
        for path, entries in self._coco.items():
            self._write_common(path, json.dumps(coco_document(entries), indent=1).encode())
        if self._controls is not None:
            self._write_common(
                self._destination / LABELLING_CONFIG,
                labelling_config(self._controls).encode("utf-8", "xmlcharrefreplace"),
            )

    def _write_common(self, path: Path, content: bytes) -> None:
        try:
            write_whole(path, content)
        except OSError as error:
            self.outcome.errors.append(ConversionError(f"cannot be written ({error})", source=path.name))

    def _write_one(self, made: Made, file: SourceFile) -> None:
        drawn = made.drawn
        folder = self._destination / file.below
        proof = folder / certificate_name(drawn)
        if proof in self._taken:
            message = f"{drawn.name!r} is already the output of {self._taken[proof]}; rename one, or convert them apart"
            raise NameTaken(message, source=drawn.origin.name, field=drawn.image)
        self._taken[proof] = drawn.origin.name
        try:
            for name, content in made.files.items():
                write_whole(folder / name, content)
        except (OSError, ValueError) as error:
            message = f"cannot be written ({error}); check the folder and the free disk space"
            raise ConversionError(message, source=drawn.origin.name, field=drawn.image) from error
        if made.entries is not None:
            # Files that name no reader come in a folder for each.
            self._coco.setdefault(folder / f"{drawn.reader or 'annotations'}.coco.json", []).append(made.entries)
        if made.controls is not None:
            self._controls = made.controls | (self._controls or frozenset())
        outputs = [str(folder / name) for name in made.names]
        self.outcome.already_there += not made.files
        self.outcome.converted.append(
            {"source": drawn.origin.name, "image": drawn.image, "reader": drawn.reader, "outputs": outputs}
        )


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
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
