"""The entries of one Label Studio `result` → regions and marks by image, and what was said of them.

Entries of one `id` are about one shape: it may get its label from an entry of type `labels`, and choices, texts and
ratings of its own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import NamedTuple

from converters.errors import BadRegion, ConversionError
from converters.label_studio_relations import Relation, Shape, relate, relation_of
from converters.label_studio_said import STATEMENTS, Said, words_in
from converters.outlines import check_polygon, label_of, shortened, surely_mean_something
from converters.regions import Label, Labels, Mark, Polygon, Region
from converters.results import (
    FIELDS,
    Size,
    Value,
    kind_by_value,
    kind_of,
    mark_of,
    read_shape,
    region_of,
    size_of,
    value_of,
)

OVERLAY = "ref"
"""A control of this name, or ending in it, shows outlines to compare with; they are not the reader's."""

WITHOUT_AREA = "has no area; draw an outline, or keep it as a mark with --marks keep"


@dataclass(frozen=True)
class Reading:
    """How entries are to be read.

    Attributes:
        source: the file's name for messages.
        images: names of the image tags, and of the pages of those that show several.
        labels: what the file's labels mean, where they are not ours.
        keep_marks: points and lines become marks; else they are refused.
        any_tag: the only image of a task is meant by whatever one tag its entries name.
    """

    source: str
    images: tuple[str, ...]
    labels: Labels | None = None
    keep_marks: bool = False
    any_tag: bool = False


@dataclass
class Entries:
    """What the entries of one `result` come to; what is about no known image is under None."""

    regions: dict[str, list[Region]]
    marks: dict[str, list[Mark]] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    relations: dict[str, list[Relation]] = field(default_factory=dict)
    notes: list[tuple[str | None, str]] = field(default_factory=list)
    problems: list[tuple[str | None, ConversionError]] = field(default_factory=list)


class _Place(NamedTuple):
    where: str
    entry: Value

    @property
    def id(self) -> str | None:
        identifier = self.entry.get("id")
        return identifier if isinstance(identifier, str) else None


def read_entries(listed: Iterable[tuple[str, object]], reading: Reading) -> Entries:
    """Everything that the entries say; one that cannot be read is a problem and the rest is read.

    Args:
        listed: the entries, each with its place in the file.
        reading: how they are to be read.
    """
    return _Reader(reading).read(listed)


class _Reader:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.found = Entries({name: [] for name in reading.images})
        self.labels: dict[str | None, list[_Place]] = {}
        self.relations: list[Relation] = []
        self.controls: dict[tuple[str, str, str], set[str]] = {}
        self.outlines: dict[str, list[tuple[_Place, str, Region]]] = {}

    def read(self, listed: Iterable[tuple[str, object]]) -> Entries:
        shapes, statements = self._sorted(listed)
        for place in shapes:
            self._try(self._read_shape, place)
        self._check_outlines()
        for place in statements:
            self._try(self._read_statement, place)
        self._relate()
        self._give_to_shapes()
        for (image, label, _), controls in self.controls.items():
            if len(controls) > 1:
                names = ", ".join(sorted(controls))
                self._note_once(image, f"{label} was drawn with several controls, which are not told apart: {names}")
        return self.found

    def _sorted(self, listed: Iterable[tuple[str, object]]) -> tuple[list[_Place], list[_Place]]:
        shapes: list[_Place] = []
        statements: list[_Place] = []
        overlays = 0
        for where, one in listed:
            kind = one.get("type") if isinstance(one, dict) else None
            if not isinstance(one, dict):
                self._note_problem(_Place(where, {}), BadRegion(f"{shortened(one)} is not a region"))
            elif _is_overlay(one.get("from_name")):
                overlays += 1
            elif kind == "labels":
                place = _Place(where, one)
                self.labels.setdefault(place.id, []).append(place)
            elif kind == "relation" or (isinstance(kind, str) and kind in STATEMENTS):
                statements.append(_Place(where, one))
            else:
                shapes.append(_Place(where, one))
        if overlays:
            self.found.notes.append((None, f"outlines shown for comparison, which are not the reader's: {overlays}"))
        return self._with_labels(shapes, statements)

    def _with_labels(self, shapes: list[_Place], statements: list[_Place]) -> tuple[list[_Place], list[_Place]]:
        """Labels without a shape of the same id draw it themselves; those of a shape with its own say more of it."""
        types: dict[str | None, list[str]] = {}
        for place in shapes:
            types.setdefault(place.id, []).append(str(place.entry.get("type")))
        for identifier, places in self.labels.items():
            of_shape = types.get(identifier, []) if identifier is not None else []
            if not of_shape:
                shapes = [*shapes, *places]
            elif all(kind.endswith("labels") for kind in of_shape):
                statements = [*statements, *places]
        return shapes, statements

    def _try(self, read: Callable[[_Place], None], place: _Place) -> None:
        try:
            read(place)
        except BadRegion as error:
            self._note_problem(place, error)
        except RecursionError:
            self._note_problem(place, BadRegion("nested too deeply; export the task again"))

    def _note_problem(self, place: _Place, error: BadRegion) -> None:
        path = f"{place.where}.{error.field}" if error.field else place.where
        problem = type(error)(error.message, source=self.reading.source, field=path.lstrip("."))
        self.found.problems.append((self._named_image(place.entry), problem))

    def _read_shape(self, place: _Place) -> None:
        entry = place.entry
        kind = kind_of(entry.get("type"))
        if kind is None and entry.get("type") != "labels":
            message = f"{shortened(entry.get('type'))} has no area that is read here; draw a polygon"
            raise BadRegion(message, field="type")
        image, value = self._image(entry), value_of(entry)
        kind = kind or kind_by_value(value)
        if kind is None:
            raise BadRegion("the label is on no shape that is read here; draw a polygon", field="value")
        size = self._size(entry, image)
        if kind == "keypoint" and not self.reading.keep_marks:
            raise BadRegion(f"a key point {WITHOUT_AREA}", field="type")
        drawn = read_shape(kind, value, size)
        if isinstance(drawn, tuple) and not self.reading.keep_marks:
            raise BadRegion(f"an open vector {WITHOUT_AREA}", field="value.closed")
        where, words, path = self._words(place, kind)
        try:
            if isinstance(drawn, tuple):
                self.found.marks.setdefault(image, []).append(mark_of(entry, kind, self._mark(words, path), drawn))
            else:
                label = self._label(words, path)
                region = region_of(entry, kind, label, drawn)
                self.found.regions[image].append(region)
                self.outlines.setdefault(image, []).append((place, kind, region))
                self.controls.setdefault((image, label, kind), set()).add(str(where.entry.get("from_name")))
        except BadRegion as error:
            self._note_problem(where, error)

    def _check_outlines(self) -> None:
        """All of an image at once, which takes a fraction of the time."""
        for image, listed in self.outlines.items():
            size = self.found.sizes[image]
            outlined = [(place, kind, one, one.shape) for place, kind, one in listed if isinstance(one.shape, Polygon)]
            sure = surely_mean_something([polygon for *_, polygon in outlined], size)
            for place, kind, region, polygon in compress(outlined, [not one for one in sure]):
                try:
                    check_polygon(polygon, size, FIELDS[kind])
                except BadRegion as error:
                    self._note_problem(place, error)
                    self.found.regions[image] = [one for one in self.found.regions[image] if one is not region]

    def _words(self, place: _Place, kind: str) -> tuple[_Place, object, str]:
        """The labels of a shape, the entry that gives them and where in it."""
        value = place.entry["value"]
        for key in (f"{kind}labels", "labels"):
            if key in value:
                return place, value[key], f"value.{key}"
        given = self.labels.get(place.id, []) if place.id is not None else []
        values = [one.entry["value"].get("labels") for one in given if isinstance(one.entry.get("value"), dict)]
        words = [word for listed in values if isinstance(listed, list) for word in listed]
        return given[0] if given else place, words, "value.labels"

    def _label(self, words: object, path: str) -> Label:
        if not isinstance(words, list) or len(words) != 1:
            raise BadRegion(f"a region needs one label, this one has {shortened(words)}", field=path)
        return label_of(words[0], self.reading.labels, path)

    def _mark(self, words: object, path: str) -> str:
        """A mark may have any label, but one that was asked to be left out is left out."""
        listed = words if isinstance(words, list) else []
        labels = self.reading.labels or {}
        if len(listed) == 1 and isinstance(listed[0], str) and labels.get(listed[0], "") is None:
            label_of(listed[0], labels, path)
        return ", ".join(map(str, listed))

    def _size(self, entry: Value, image: str) -> Size:
        size = size_of(entry)
        before = self.found.sizes.setdefault(image, size)
        if before != size:
            message = f"{size} differs from {before} of the regions before; was the image exchanged?"
            raise BadRegion(message, field="original_height")
        turn = entry.get("image_rotation")
        if turn:
            if not isinstance(turn, int | float) or turn % 90:
                message = f"{shortened(turn)} is no turn by quarters; export the task again"
                raise BadRegion(message, field="image_rotation")
            self._note_once(
                image, f"the image was turned by {turn:g} degrees on the screen; outlines are read unturned"
            )
        return size

    def _note_once(self, image: str | None, note: str) -> None:
        if (image, note) not in self.found.notes:
            self.found.notes.append((image, note))

    def _image(self, entry: Value) -> str:
        """The image, or page of it, that an entry is about.

        Raises:
            BadRegion: none of the task's.
        """
        tag, page = entry.get("to_name"), entry.get("item_index")
        if page is not None and (isinstance(page, bool) or not isinstance(page, int)):
            raise BadRegion(f"{shortened(page)} is no number of a page", field="item_index")
        if not isinstance(tag, str):
            tag = ""
        name = tag if tag in self.found.regions and not page else f"{tag}[{page or 0}]"
        if name not in self.found.regions:
            raise self._no_such_image(entry, f"{tag}[0]" in self.found.regions or tag in self.found.regions)
        if page is None and f"{tag}[1]" in self.found.regions:
            raise BadRegion("does not say which page it is on; export as JSON, not JSON-MIN", field="item_index")
        return name

    def _no_such_image(self, entry: Value, tag_is_known: bool) -> BadRegion:
        if tag_is_known:
            return BadRegion(f"the task has no page {entry.get('item_index')}", field="item_index")
        known = ", ".join(self.found.regions) or "none"
        message = f"image {shortened(entry.get('to_name'))} is not one of the task's ({known})"
        return BadRegion(f"{message}; give the labelling configuration", field="to_name")

    def _named_image(self, entry: Value) -> str | None:
        try:
            return self._image(entry)
        except BadRegion:
            return None

    def _read_statement(self, place: _Place) -> None:
        entry = place.entry
        kind = str(entry.get("type"))
        if kind == "relation":
            self.relations.append(relation_of(entry))
            return
        words = words_in(kind, value_of(entry))
        image = self._named_image(entry) if "item_index" in entry else None
        self.found.said.append(Said(str(entry.get("from_name")), kind, words, image, place.id, entry))

    def _relate(self) -> None:
        found = self.found
        related = relate(found.regions, found.marks, self.relations)
        found.regions, found.marks, found.relations = related.regions, related.marks, related.further
        for _ in related.lost:
            self._note_once(None, "a relation to a region that is not read was left out")

    def _give_to_shapes(self) -> None:
        """What was said of single shapes goes with them, and is about their image."""
        found = self.found
        places = {
            shape.identifier: image
            for listed in (found.regions, found.marks)
            for image, shapes in listed.items()
            for shape in shapes
        }
        said: dict[str, list[Said]] = {}
        for number, one in enumerate(found.said):
            image = places.get(one.shape) if one.shape is not None else None
            found.said[number] = replace(one, image=image or one.image, shape=one.shape if image else None)
            if one.shape is not None and image:
                said.setdefault(one.shape, []).append(one)
        if said:
            found.regions = {image: _with_said(shapes, said) for image, shapes in found.regions.items()}
            found.marks = {image: _with_said(shapes, said) for image, shapes in found.marks.items()}


def _with_said(shapes: list[Shape], said: dict[str, list[Said]]) -> list[Shape]:
    return [
        replace(shape, kept={**shape.kept, "further": [_bare(one.entry) for one in said[shape.identifier]]})
        if shape.identifier is not None and shape.identifier in said
        else shape
        for shape in shapes
    ]


def _bare(entry: Value) -> Value:
    """What an entry says of a shape, without the shape."""
    said = STATEMENTS[str(entry.get("type"))]
    kept = {key: entry[key] for key in ("type", "from_name", "meta", "score") if key in entry}
    return kept | {"value": {said: entry["value"].get(said)}}


def _is_overlay(control: object) -> bool:
    return isinstance(control, str) and (control == OVERLAY or control.endswith(f"_{OVERLAY}"))
