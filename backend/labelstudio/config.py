"""The labelling configuration: two projections side by side, each in two windows, outlines on the low one."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from backend.labelstudio.layout import exclusion_control, image_name, label_control
from backend.records import PROJECTIONS, WINDOWS, Projection
from converters.labelme import EXCLUSIONS
from converters.regions import LABELS

COLOURS = {"metastasis": "#e6194b", "bladder": "#2f7ed8"}
ROW = "display:flex;gap:4px;align-items:center"
SHARE = "flex:1;min-width:0"


def label_config() -> str:
    """The XML of every reader's project; keys 1, 2 pick the anterior labels, 3, 4 the posterior ones."""
    root = Element("View", style="display:flex;gap:12px")
    for number, projection in enumerate(PROJECTIONS):
        column = SubElement(root, "View", style=SHARE)
        _tools(column, projection, first_key=1 + number * len(LABELS))
        images = SubElement(column, "View", style="display:flex;gap:4px")
        for window in WINDOWS:
            _image(SubElement(images, "View", style=SHARE), image_name(projection, window))
    return ElementTree.tostring(root, encoding="unicode")


def _tools(column: Element, projection: Projection, first_key: int) -> None:
    SubElement(column, "Header", value=projection.capitalize(), size="5")
    row = SubElement(column, "View", style=ROW)
    labels = SubElement(
        SubElement(row, "View"),
        "PolygonLabels",
        name=label_control(projection),
        toName=projection,
        strokeWidth="1",
        pointSize="small",
        opacity="0.2",
    )
    for key, label in enumerate(LABELS, start=first_key):
        SubElement(labels, "Label", value=label, background=COLOURS[label], hotkey=str(key))
    SubElement(row, "Header", value="Exclude", size="6", style="margin:0 4px;font-size:14px;font-weight:400")
    choices = SubElement(
        SubElement(row, "View", style=SHARE),
        "Choices",
        name=exclusion_control(projection),
        toName=projection,
        choice="single",
        layout="select",
    )
    for reason in EXCLUSIONS:
        SubElement(choices, "Choice", value=reason)


def _image(parent: Element, name: str) -> None:
    SubElement(
        parent,
        "Image",
        name=name,
        value=f"${name}",
        zoom="true",
        zoomControl="true",
        brightnessControl="true",
        contrastControl="true",
    )
