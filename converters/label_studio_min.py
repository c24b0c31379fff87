"""Label Studio's JSON-MIN: per annotation one record of the task's data and, by control, what was said.

The record names no images, shapes' identities, pages or relations. Its keys stand in the order in which Label Studio
writes them: the task's data, `id`, the controls, then what it says of the annotation.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from converters.label_studio_said import STATEMENTS
from converters.labelling_config import LabellingConfig, ShownImage, tag_of_page
from converters.labelme import EXCLUSIONS
from converters.results import GEOMETRY, kind_by_value

OF_THE_ANNOTATION = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")

Value = dict[str, Any]


class Record(NamedTuple):
    """Attributes:
    entries: as they would stand in the `result` of a JSON export, each with its place.
    data: of the task, without the images.
    """

    entries: list[tuple[str, Value]]
    data: Value


def is_record(item: Mapping[str, Any]) -> bool:
    return "annotation_id" in item and not isinstance(item.get("data"), dict)


def entries_of_record(
    record: Mapping[str, Any], where: str, layout: LabellingConfig, shown: Mapping[str, ShownImage]
) -> Record:
    """What a record says, control by control.

    Args:
        record: the record.
        where: its place in the file.
        layout: the labelling configuration, as far as it is known.
        shown: the task's images.
    """
    images = {image.key for image in shown.values()}
    controls = _controls(record, layout)
    data = {
        key: said
        for key, said in record.items()
        if key not in images and key not in controls and key not in OF_THE_ANNOTATION
    }
    entries: list[tuple[str, Value]] = []
    for control in [control for control in controls if control not in images]:
        said = record[control]
        tag = _tag_of_control(control, shown, layout)
        for index, one in enumerate(said if isinstance(said, list) else [said]):
            place = f"{where}.{control}[{index}]" if isinstance(said, list) else f"{where}.{control}"
            entries.append((place.lstrip("."), _entry(one, control, tag, layout)))
    return Record(list(_without_twins(entries)), data)


def _controls(record: Mapping[str, Any], layout: LabellingConfig) -> list[str]:
    keys = [key for key in record if key not in OF_THE_ANNOTATION]
    if layout.controls:
        return [key for key in keys if key in layout.controls]
    order = list(record)
    return [key for key in keys if "id" not in record or order.index(key) > order.index("id")]


def _entry(said: object, control: str, tag: str | None, layout: LabellingConfig) -> Value:
    common: Value = {"from_name": control, "to_name": tag}
    if isinstance(said, str):
        # without the configuration a choice cannot be told from a typed text, but by its words
        chosen = control in layout.choices or (not layout.controls and said in EXCLUSIONS)
        return common | ({"type": "choices", "value": {"choices": [said]}} if chosen else _text(said))
    if not isinstance(said, dict):
        return common | {"type": None, "value": said}
    sizes = {key: said[key] for key in ("original_width", "original_height") if key in said}
    value = {key: one for key, one in said.items() if key not in sizes}
    return common | sizes | {"type": _type_of(value), "value": value}


def _text(said: str) -> Value:
    return {"type": "textarea", "value": {"text": [said]}}


def _type_of(value: Value) -> str | None:
    statement = next((kind for kind, key in STATEMENTS.items() if key in value), None)
    if statement is not None:
        return statement
    return next((key for key in value if key.endswith("labels")), None) or kind_by_value(value)


def _tag_of_control(control: str, shown: Mapping[str, ShownImage], layout: LabellingConfig) -> str | None:
    tags = list(dict.fromkeys(map(tag_of_page, shown)))
    named = layout.controls.get(control, (control.removesuffix("_label"),))
    if named[0] in tags:
        return named[0]
    return tags[0] if len(tags) == 1 else None


def _without_twins(entries: list[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    """Shapes that get their label from a control of their own stand in the record twice: by that control, and by the
    one that drew them.
    """
    labelled: dict[str, str] = {}
    for _, entry in entries:
        if entry["type"] == "labels":
            labelled.setdefault(_outline(entry), entry["from_name"])
    for place, entry in entries:
        is_shape = entry["type"] == "labels" or entry["type"] in GEOMETRY
        if not is_shape or labelled.get(_outline(entry), entry["from_name"]) == entry["from_name"]:
            yield place, entry


def _outline(entry: Value) -> str:
    return json.dumps({key: said for key, said in entry["value"].items() if key != "labels"}, sort_keys=True)
