"""The labelling configuration for the tasks that are written for Label Studio."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from converters.label_studio_shapes import CONTROLS
from converters.label_studio_write import EXCLUSION, IMAGE
from converters.labelme import EXCLUSIONS
from converters.regions import LABELS

COLOURS = {"metastasis": "#e6194b", "bladder": "#2f7ed8"}

DRAWING: dict[str, tuple[str, dict[str, str]]] = {
    "polygon": ("PolygonLabels", {"strokeWidth": "1", "pointSize": "small", "opacity": "0.2"}),
    "brush": ("BrushLabels", {}),
    "rectangle": ("RectangleLabels", {"strokeWidth": "1", "opacity": "0.2"}),
    "ellipse": ("EllipseLabels", {"strokeWidth": "1", "opacity": "0.2"}),
    "keypoint": ("KeyPointLabels", {}),
    "vector": ("VectorLabels", {"closable": "true", "curves": "true"}),
}
"""By kind of shape, the tag that draws it and how."""

SAYING: dict[str, tuple[str, dict[str, str]]] = {
    "choices": ("Choices", {"choice": "multiple"}),
    "taxonomy": ("Taxonomy", {}),
    "labels": ("Labels", {}),
    "textarea": ("TextArea", {"editable": "true"}),
    "rating": ("Rating", {"maxRating": "10"}),
    "number": ("Number", {}),
    "datetime": ("DateTime", {}),
}
"""By type of entry, the tag that says it and how."""


class Used(NamedTuple):
    """What a task needs of its configuration beyond the usual.

    Attributes:
        control: its name, "" for relations, which need none.
        kind: of shape or of entry.
        per_region: whether it says something of single regions.
        path: a label or choice that it offers, as the way to it.
    """

    control: str
    kind: str
    per_region: bool
    path: tuple[str, ...]


def used_by(task: Mapping[str, Any]) -> frozenset[Used]:
    """What a written task needs beyond the usual; the sets of several tasks may be united."""
    submissions = (*task.get("annotations", ()), *task.get("predictions", ()))
    return frozenset(used for one in submissions for entry in one["result"] for used in _used(entry))


def labelling_config(used: Iterable[Used] = ()) -> str:
    """The XML of a project for written tasks: one image, every kind of shape with our labels, reasons to exclude.

    Args:
        used: what the tasks need beyond that.
    """
    root = Element("View")
    needed = sorted(used)
    for kind, (tag, how) in DRAWING.items():
        control = SubElement(root, tag, {"name": CONTROLS[kind], "toName": IMAGE, **how})
        words = dict.fromkeys([*LABELS, *(one.path[-1] for one in needed if one.control == CONTROLS[kind])])
        for word in words:
            colour = {"background": COLOURS[word]} if word in COLOURS else {}
            SubElement(control, "Label", {"value": word, **colour})
    SubElement(root, "Image", name=IMAGE, value=f"${IMAGE}", zoom="true", zoomControl="true")
    exclusion = SubElement(root, "Choices", name=EXCLUSION, toName=IMAGE, choice="single")
    for reason in EXCLUSIONS:
        SubElement(exclusion, "Choice", value=reason)
    relations = [one.path[-1] for one in needed if one.kind == "relation"]
    if relations:
        offered = SubElement(root, "Relations")
        for word in relations:
            SubElement(offered, "Relation", value=word)
    drawn = {*CONTROLS.values(), EXCLUSION, ""}
    for name in dict.fromkeys(one.control for one in needed if one.control not in drawn):
        _add_control(root, [one for one in needed if one.control == name])
    return ElementTree.tostring(root, encoding="unicode")


def _used(entry: Mapping[str, Any]) -> Iterable[Used]:
    entry_type = str(entry.get("type"))
    if entry_type == "relation":
        yield from (Used("", "relation", False, (str(word),)) for word in entry.get("labels") or ())
        return
    kind = entry_type.removesuffix("labels")
    value = entry.get("value", {})
    if kind in DRAWING:
        words: Iterable[Any] = value.get(entry_type, ())
    elif entry_type in SAYING:
        words = value.get(entry_type) if isinstance(value.get(entry_type), list) else ()
        kind = entry_type
    else:
        return
    per_region = "original_width" in entry
    for word in words or [[]]:
        path = tuple(map(str, word if isinstance(word, list) else [word]))
        if path and (kind not in DRAWING or path not in {(label,) for label in LABELS}):
            yield Used(str(entry["from_name"]), kind, per_region, path)


def _add_control(root: Element, several: list[Used]) -> None:
    tag, how = SAYING[several[0].kind]
    more = {"perRegion": "true"} if several[0].per_region else {}
    control = SubElement(root, tag, {"name": several[0].control, "toName": IMAGE, **how, **more})
    for one in several:
        here = control
        for step in one.path:
            child = "Label" if tag == "Labels" else "Choice"
            there = next((choice for choice in here if choice.get("value") == step), None)
            here = SubElement(here, child, value=step) if there is None else there
