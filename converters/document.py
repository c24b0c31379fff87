"""JSON files as they come from annotation programs."""

import json

import orjson

from converters.errors import UnreadableFile
from converters.limits import MOST_BYTES


def parse_json(content: bytes, source: str) -> object:
    """The JSON value in `content` (UTF-8, with or without byte order mark).

    Raises:
        UnreadableFile: it is no JSON, or too large.
    """
    if len(content) > MOST_BYTES:
        message = f"{len(content):,} bytes are more than {MOST_BYTES:,}; split the file"
        raise UnreadableFile(message, source=source)
    if not content.strip():
        raise UnreadableFile("the file is empty; export it again", source=source)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return _parse_leniently(content, source)


def json_bytes(value: object, indent: int | None = 2) -> bytes:
    """The value as JSON in UTF-8; halves of characters, which UTF-8 has not but JSON may hold, stay escaped."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")


def _parse_leniently(content: bytes, source: str) -> object:
    """What the stricter and faster parser refuses: byte order marks, NaN (its region is named later), huge numbers."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"not JSON ({error}); export it again", source=source) from error
