"""What Label Studio's readers say beside their outlines: choices, ratings, texts and the like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from converters.errors import BadRegion
from converters.outlines import shortened

Value = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Said:
    """Attributes:
    control: the name of the control.
    kind: the entry's type.
    words: what was said, as far as it may be repeated: of typed texts and dates only that there is one.
    image: the image or page that it is about, None where it may be about all of the task.
    shape: the id of the shape that it is about, if it is about one.
    entry: as it stands in the file.
    """

    control: str
    kind: str
    words: tuple[str, ...]
    image: str | None
    shape: str | None
    entry: Value


def words_in(kind: str, value: Mapping[str, Any]) -> tuple[str, ...]:
    """What an entry of one of the STATEMENTS says.

    Raises:
        BadRegion: nothing; the error's field is relative to the entry.
    """
    said = value.get(STATEMENTS[kind])
    if kind in UNREPEATED:
        return (UNREPEATED[kind],) if said not in (None, "", []) else ()
    if kind in LISTED:
        if not isinstance(said, list):
            raise BadRegion(f"{shortened(said)} is no choice; export the task again", field=f"value.{STATEMENTS[kind]}")
        return tuple(map(_path, said))
    return (shortened(said),) if said is not None else ()


def _path(choice: object) -> str:
    """A choice, or the way to one in a tree of choices."""
    steps = choice if isinstance(choice, list) else [choice]
    return " / ".join(step if isinstance(step, str) else shortened(step) for step in steps)


STATEMENTS = {
    "choices": "choices",
    "taxonomy": "taxonomy",
    "labels": "labels",
    "rating": "rating",
    "number": "number",
    "pairwise": "selected",
    "textarea": "text",
    "datetime": "datetime",
    "ranker": "ranker",
}
"""Entry types that say something, and the key of the value that holds it."""

LISTED = ("choices", "taxonomy", "labels")
UNREPEATED = {"textarea": "a text", "datetime": "a date", "ranker": "an order"}
