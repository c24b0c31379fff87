"""A Label Studio project's labelling configuration: which image tag shows which file, which control draws on which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from converters.errors import UnreadableFile

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".dcm")


@dataclass(frozen=True)
class LabellingConfig:
    """Attributes:
    images: per image tag, the key of `task.data` that holds its file.
    controls: per control, the tags it belongs to.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    images = {tag.attrib["name"]: tag.get("value", "").removeprefix("$") for tag in named if tag.tag == "Image"}
    controls = {tag.attrib["name"]: tuple(tag.attrib["toName"].split(",")) for tag in named if tag.get("toName")}
    return LabellingConfig(images, controls)


def images_of(data: Mapping[str, object], config: LabellingConfig) -> dict[str, str]:
    """Per image tag of a task its file; without a configuration, the keys of `data` that hold one."""
    keys = config.images or {key: key for key, value in data.items() if isinstance(value, str) and _is_file(value)}
    files = {tag: data.get(key) for tag, key in keys.items()}
    return {tag: file_of(file) for tag, file in files.items() if isinstance(file, str)}


def file_of(reference: str) -> str:
    """The file that a task's reference means, as a path with `/`: below the document root, or of the address."""
    address = urlsplit(reference.replace("\\", "/"))
    local = parse_qs(address.query).get("d")
    path = local[0] if local else unquote(address.path)
    folder, _, name = path.rpartition("/")
    if "data/upload" in folder and name[8:9] == "-":
        name = name[9:]
    return f"{folder}/{name}".lstrip("/")


def _is_file(value: str) -> bool:
    return "/" in value or "\\" in value or value.lower().endswith(IMAGE_SUFFIXES)
