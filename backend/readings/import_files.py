"""Readers' files and folders of files, one after the other; a bad one is named and the rest goes on."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from backend.errors import InputError, ReadingError
from backend.readings.readers import reader_named
from backend.readings.receipt import Receipt, refusal
from backend.readings.receive import receive_label_studio, receive_labelme
from backend.settings import Settings
from backend.store.session import open_session
from converters.document import parse_json
from converters.errors import ConversionError

Format = Literal["auto", "labelme", "label-studio"]


def import_paths(
    settings: Settings, paths: Iterable[Path], reader: str | None = None, format: Format = "auto"
) -> dict[str, Any]:
    """Seals the readings in files and in all JSON files below folders.

    Args:
        reader: whose files they are; may be left out for Label Studio exports whose users are known.
        format: of all files; looked for in each where `auto`.

    Returns:
        `{"new", "repeated", "passed_over", "changed": image ids, "errors": [{"file", "error"}]}`, counts of readings.

    Raises:
        NotFound: no reader of that name.
    """
    if reader is not None:
        with open_session(settings) as session:
            reader_named(session, reader)
    receipt = Receipt()
    errors: list[dict[str, str]] = []
    for path in _files(paths):
        try:
            one = _receive(settings, path, reader, format)
        except InputError as error:
            one = Receipt(errors=(error,))
        receipt += one
        errors += [{"file": str(path), "error": str(error)} for error in one.errors]
    return {
        "new": receipt.new,
        "repeated": receipt.repeated,
        "passed_over": receipt.passed_over,
        "changed": sorted(receipt.changed),
        "errors": errors,
    }


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() == ".json" and file.is_file())
        else:
            yield path


def _receive(settings: Settings, path: Path, reader: str | None, format: Format) -> Receipt:
    source = path.name
    try:
        content, saved = path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise ReadingError(f"cannot be read: {error.strerror}", source=source) from None
    if (_format_of(content, source) if format == "auto" else format) == "label-studio":
        return receive_label_studio(settings, content, source=source, reader=reader, submitted=saved)
    if reader is None:
        raise ReadingError("a Labelme file does not say who drew it; name the reader", source=source)
    return receive_labelme(settings, content, reader=reader, submitted=saved, source=source)


def _format_of(content: bytes, source: str) -> Format:
    try:
        document = parse_json(content, source)
    except ConversionError as error:
        raise refusal((error,), source) from None
    if isinstance(document, dict) and "shapes" in document:
        return "labelme"
    if isinstance(document, list) or (isinstance(document, dict) and "data" in document):
        return "label-studio"
    raise ReadingError("is neither a Labelme file nor a Label Studio export as JSON; export it again", source=source)
