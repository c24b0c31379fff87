"""A Label Studio project's labelling configuration: which image tag shows which file, which control draws on which."""

import hashlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from converters.errors import UnreadableFile

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".dcm")
OUTLINING = ("Labels", "Polygon", "Rectangle", "Ellipse", "Brush", "Bitmask", "Vector", "KeyPoint")
"""How the names of the tags begin or end that draw on an image."""


@dataclass(frozen=True)
class LabellingConfig:
    """Attributes:
    images: per image tag, the key of `task.data` that holds its file, or its list of pages.
    controls: per control, the tags it belongs to.
    drawable: the image tags that some control draws on.
    choices: the controls that offer a choice.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drawable: frozenset[str] = frozenset()
    choices: frozenset[str] = frozenset()


class ShownImage(NamedTuple):
    """Attributes:
    file: as a path with `/`.
    reference: as it stands in the task's data.
    place: where it stands there, e.g. `data.pages[1]`.
    """

    file: str
    reference: str
    place: str

    @property
    def key(self) -> str:
        """The key of the task's data that holds it."""
        return self.place.removeprefix("data.").partition("[")[0]


@lru_cache(maxsize=8)
def read_config(text: str, source: str) -> LabellingConfig:
    """Read the configuration's XML.

    Raises:
        UnreadableFile: not XML, or with a document type, which no labelling configuration has.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnreadableFile("has a document type", source=source, field="label_config")
    try:
        tags = list(ElementTree.fromstring(text).iter())  # noqa: S314 entities are refused above
    except ElementTree.ParseError as error:
        raise UnreadableFile(f"not XML ({error})", source=source, field="label_config") from error
    named = [tag for tag in tags if tag.get("name")]
    keys = {tag.attrib["name"]: tag.get("value") or tag.get("valueList") or "" for tag in named if tag.tag == "Image"}
    controls = [tag for tag in named if tag.get("toName")]
    targets = {tag.attrib["name"]: tuple(tag.attrib["toName"].split(",")) for tag in controls}
    return LabellingConfig(
        images={name: key.removeprefix("$") for name, key in keys.items()},
        controls=targets,
        drawable=frozenset(
            name
            for tag in controls
            if tag.tag.startswith(OUTLINING) or tag.tag.endswith(OUTLINING)
            for name in targets[tag.attrib["name"]]
        ),
        choices=frozenset(tag.attrib["name"] for tag in controls if tag.tag == "Choices"),
    )


def images_shown(
    data: Mapping[str, object], config: LabellingConfig, named: Set[str] = frozenset()
) -> dict[str, ShownImage]:
    """Per image tag of a task what it shows; the pages of a list each have the tag `tag[number]`.

    Without a configuration, a tag has the name of the key of `data` that holds its file; the only one may have the only
    name that its entries give it (`named`).
    """
    keys = dict(config.images)
    if not keys:
        keys = {key: key for key, value in data.items() if _shows(key, value)}
        if len(keys) == 1 and len(named) == 1:
            keys = dict(zip(named, keys.values(), strict=True))
    return {name: image for tag, key in keys.items() for name, image in _shown(tag, key, data.get(key))}


def tag_of_page(name: str) -> str:
    """The image tag that shows a page."""
    tag, _, number = name.rpartition("[")
    return tag if tag and number[:-1].isdigit() else name


def file_of(reference: str) -> str:
    """The file that a task's reference means, as a path with `/`: below the document root, or of the address."""
    if reference.startswith("data:"):
        return f"embedded-{hashlib.sha256(reference.encode()).hexdigest()[:12]}"
    try:
        address = urlsplit(reference.replace("\\", "/"))
    except ValueError:
        return reference
    local = parse_qs(address.query).get("d")
    path = local[0] if local else unquote(address.path)
    folder, _, name = path.rpartition("/")
    if "data/upload" in folder and name[8:9] == "-":
        name = name[9:]
    return f"{folder}/{name}".lstrip("/")


def _shown(tag: str, key: str, value: object) -> Iterator[tuple[str, ShownImage]]:
    if isinstance(value, str):
        yield tag, ShownImage(file_of(value), value, f"data.{key}")
    elif isinstance(value, list):
        for number, page in enumerate(value):
            if isinstance(page, str):
                yield f"{tag}[{number}]", ShownImage(file_of(page), page, f"data.{key}[{number}]")


def _shows(key: str, value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(page, str) and _is_file(page) for page in value)
    return isinstance(value, str) and (_is_file(value) or (key == "image" and value != ""))


def _is_file(value: str) -> bool:
    """A file's name, a path from the root or an address; not any text with a slash in it."""
    if value.startswith(("/", "data:image/")) or value.lower().endswith(IMAGE_SUFFIXES):
        return True
    return ("://" in value and " " not in value) or file_of(value).lower().endswith(IMAGE_SUFFIXES)
