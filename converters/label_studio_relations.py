"""Label Studio's relations between regions.

A relation both ways between two regions of one label on one image says that they are parts of one lesion; every other
relation is told and kept, and means nothing here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from converters.regions import Mark, Region

Shape = TypeVar("Shape", Region, Mark)

BOTH_WAYS = "bi"


@dataclass(frozen=True, eq=False)
class Relation:
    """Attributes:
    ends: the ids of the two regions.
    direction: `left`, `right` or `bi`.
    words: the relation's own labels.
    entry: as it stands in the file.
    """

    ends: tuple[str, str]
    direction: str
    words: tuple[str, ...]
    entry: Mapping[str, Any]

    @property
    def remark(self) -> str:
        return f"relation: {', '.join(self.words) or self.direction}"


class Related(NamedTuple):
    """Attributes:
    regions, marks: by image, with their groups.
    further: by image, relations that say more than a group, or something else.
    lost: relations of which an end is not there.
    """

    regions: dict[str, list[Region]]
    marks: dict[str, list[Mark]]
    further: dict[str, list[Relation]]
    lost: list[Relation]


def relation_of(entry: Mapping[str, Any]) -> Relation:
    """The relation that an entry of type `relation` says."""
    words = entry.get("labels")
    return Relation(
        ends=(str(entry.get("from_id")), str(entry.get("to_id"))),
        direction=str(entry.get("direction")),
        words=tuple(map(str, words)) if isinstance(words, list) else (),
        entry=entry,
    )


def relate(
    regions: Mapping[str, Sequence[Region]], marks: Mapping[str, Sequence[Mark]], relations: Iterable[Relation]
) -> Related:
    """Groups the regions of each image by the relations between them."""
    places: dict[str, tuple[str, type, str]] = {}
    for shapes in (regions, marks):
        for image, listed in shapes.items():
            places |= {one.identifier: (image, type(one), one.label) for one in listed if one.identifier is not None}
    further: dict[str, list[Relation]] = {}
    lost: list[Relation] = []
    parents: dict[str, str] = {}
    for relation in relations:
        first, second = relation.ends
        if first not in places or second not in places:
            lost.append(relation)
            continue
        joins = relation.direction == BOTH_WAYS and places[first] == places[second]
        if joins:
            parents[_root(first, parents)] = _root(second, parents)
        if not joins or relation.words:
            further.setdefault(places[first][0], []).append(relation)
    return Related(
        {image: _numbered(listed, parents) for image, listed in regions.items()},
        {image: _numbered(listed, parents) for image, listed in marks.items()},
        further,
        lost,
    )


def _root(identifier: str, parents: dict[str, str]) -> str:
    while parents.get(identifier, identifier) != identifier:
        identifier = parents[identifier]
    return identifier


def _numbered(listed: Sequence[Shape], parents: dict[str, str]) -> list[Shape]:
    """The shapes, those of one group with one number, counted from 1 in their order."""
    numbers: dict[str, int] = {}
    members = {*parents, *parents.values()}
    return [
        replace(shape, group=numbers.setdefault(_root(shape.identifier, parents), len(numbers) + 1))
        if shape.identifier in members and shape.identifier is not None
        else shape
        for shape in listed
    ]
