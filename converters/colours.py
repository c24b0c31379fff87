"""What the colours and numbers of mask images mean: a table that the user writes or an annotation program exports.

Three forms are read:

- JSON, in either direction: `{"metastasis": "#ff0000", "bladder": [0, 255, 0], "background": 0}` or
  `{"1": "metastasis", "2": "bladder"}`. A list gives a label several colours, a list of whole numbers is one colour.
- lines `name:red,green,blue`, whatever follows another colon ignored (CVAT's `labelmap.txt`);
- CSV lines `name,red,green,blue`, `name,#rrggbb` or `name,number`, with or without a line of headings.

Black and 0 are background unless the table says otherwise.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from converters.document import parse_json
from converters.drawn import Colour
from converters.errors import UnreadableFile
from converters.outlines import shortened
from converters.regions import LABELS, Label, Labels

BACKGROUND = ("background", "_background_", "unlabelled", "unlabeled", "void")
"""Words for what is neither label, in small letters."""

MOST_BYTES = 2**20
LARGEST_NUMBER = 2**32 - 1
HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
BLACK: Colour = (0, 0, 0)

Value = Colour | int


@dataclass(frozen=True)
class ColourTable:
    """What is said of colours and of numbers; None is background. The two go into `Dialect.colours` and `numbers`."""

    colours: Mapping[Colour, Label | None] = field(default_factory=dict)
    numbers: Mapping[int, Label | None] = field(default_factory=dict)


def read_colours(content: bytes, source: str, labels: Labels | None = None) -> ColourTable:
    """The table in a file.

    Args:
        content: the file.
        source: its name for messages.
        labels: the table's words → ours, None for one that is to be left out: it is background; None where they must
            be ours.

    Raises:
        UnreadableFile: none of the forms, an unknown label, or a colour with two meanings.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableFile("is too long for a table of colours; give the table alone", source=source)
    words: dict[str, Label | None] = dict.fromkeys(BACKGROUND)
    words |= labels if labels is not None else {label: label for label in LABELS}
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    rows = _of_json(content, source) if is_json else _of_lines(content, source)
    meanings: dict[Value, Label | None] = {}
    for where, name, values in rows:
        known = name if name in words else name.lower()
        if known not in words:
            message = f"unknown label {shortened(name)}; use one of {', '.join(words)}"
            raise UnreadableFile(message, source=source, field=where)
        for value in values:
            if meanings.setdefault(value, words[known]) != words[known]:
                message = f"{shown(value)} is given two meanings; keep one"
                raise UnreadableFile(message, source=source, field=where)
    if not any(meanings.values()):
        raise UnreadableFile("gives no label a colour or a number; name at least one", source=source)
    colours = {value: label for value, label in meanings.items() if isinstance(value, tuple)}
    numbers = {value: label for value, label in meanings.items() if isinstance(value, int)}
    return ColourTable(colours, numbers)


def meaning_of(
    number: int | None,
    colour: Colour | None,
    colours: Mapping[Colour, Label | None],
    numbers: Mapping[int, Label | None],
) -> Label | None:
    """What a pixel of this number and colour is, None for background.

    Raises:
        KeyError: the table says nothing of it.
        ValueError: the table says two things of it.
    """
    said = {table[key] for key, table in ((colour, colours), (number, numbers)) if key in table}  # type: ignore[index]
    if len(said) > 1:
        raise ValueError("the table gives its number and its colour different meanings")
    if said:
        return said.pop()
    looks_black = colour == BLACK and (bool(colours) or number in (None, 0))
    if looks_black or (number == 0 and (colour is None or not colours)):
        return None
    raise KeyError(number if colour is None else colour)


def shown(value: Value) -> str:
    """A colour or number as it is written in tables."""
    return f"number {value}" if isinstance(value, int) else "#{:02x}{:02x}{:02x}".format(*value)


Row = tuple[str, str, tuple[Value, ...]]
"""Where in the table, whose name, which colours and numbers."""


def _of_json(content: bytes, source: str) -> Iterator[Row]:
    table = parse_json(content, source)
    if not isinstance(table, dict):
        raise UnreadableFile("expected names and their colours", source=source)
    for key, told in table.items():
        turned = _value(key) if isinstance(told, str) and not HEX.fullmatch(told) else None
        if turned is not None:
            yield key, told, (turned,)
            continue
        several = told if isinstance(told, list) and any(type(part) is not int for part in told) else [told]
        values = tuple(map(_value, several))
        known = tuple(value for value in values if value is not None)
        if not known or len(known) < len(values):
            raise UnreadableFile(_no_colour(told), source=source, field=key)
        yield key, key, known


def _of_lines(content: bytes, source: str) -> Iterator[Row]:
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UnreadableFile("is no text; save the table as UTF-8", source=source) from error
    rows = [(number, line.strip()) for number, line in enumerate(lines, start=1)]
    for position, (number, line) in enumerate((n, text) for n, text in rows if text and not text.startswith("#")):
        name, _, told = (part.strip() for part in line.partition(":" if ":" in line else ","))
        parts = [part.strip() for part in told.partition(":")[0].split(",")]
        value = _value(parts[0] if len(parts) == 1 else [int(part) if part.isdecimal() else part for part in parts])
        if value is None and position == 0 and not any(character.isdecimal() for character in told):
            continue  # the headings
        if value is None:
            raise UnreadableFile(_no_colour(told), source=source, field=f"line {number}")
        yield f"line {number}", name, (value,)


def _no_colour(told: object) -> str:
    return f"{shortened(told)} is no colour; write #rrggbb, red,green,blue from 0 to 255, or a whole number"


def _value(told: object) -> Value | None:
    """A colour or number, None where it is neither."""
    if isinstance(told, str):
        if match := HEX.fullmatch(told):
            red, green, blue = (int(part, 16) for part in match.groups())
            return red, green, blue
        told = int(told) if told.isascii() and told.isdecimal() and len(told) <= len(str(LARGEST_NUMBER)) else None
    if isinstance(told, list):
        is_colour = len(told) == 3 and all(type(part) is int and 0 <= part <= 255 for part in told)
        return (told[0], told[1], told[2]) if is_colour else None
    return told if type(told) is int and 0 <= told <= LARGEST_NUMBER else None
