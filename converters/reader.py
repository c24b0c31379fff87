"""What a reader may be called, where a file names one: it becomes part of file names."""

import re

from converters.errors import ConversionError
from converters.outlines import shortened

NAME = re.compile(r"\w[\w.@+-]{0,63}")


def reader_of(value: object, field: str) -> str | None:
    """The reader's number or name, None where the file says null.

    Raises:
        ConversionError: it is neither a number nor a short name without blanks and separators.
    """
    if value is None:
        return None
    name = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not NAME.fullmatch(name):
        message = f"{shortened(value)} names no reader; use a number, or up to 64 letters, digits and . @ + - _"
        raise ConversionError(message, field=field)
    return name
