"""JSON files as they come from annotation programs."""

import json

from converters.errors import UnreadableFile


def parse_json(content: bytes, source: str) -> object:
    """The JSON value in `content` (UTF-8, with or without byte order mark).

    Raises:
        UnreadableFile: it is no JSON.
    """
    if not content.strip():
        raise UnreadableFile("the file is empty; export it again", source=source)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"not JSON ({error}); export it again", source=source) from error
