"""Outlines that a reader grouped: parts of one lesion, and holes in them.

Labelme draws no holes. An outline that lies inside another of its label and group is a hole in it; one inside a hole
is a part again. Outlines of a group that merely overlap unite.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import shapely

from converters.regions import Label, Polygon, Region

MOST_MEMBERS = 1000
"""Outlines of one group up to which holes are looked for."""

Placed = tuple[str, Region]
"""Where in its file a region is, and the region."""


def join_groups(listed: Sequence[Placed]) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    """The regions with holes in their place, and notes that say which outlines became holes."""
    grouped: dict[tuple[Label, int], list[int]] = {}
    for index, (_, region) in enumerate(listed):
        if region.group is not None and isinstance(region.shape, Polygon):
            grouped.setdefault((region.label, region.group), []).append(index)
    regions: dict[int, Region] = dict(enumerate(region for _, region in listed))
    notes: list[str] = []
    for (_, group), members in grouped.items():
        if len(members) > MOST_MEMBERS:
            notes.append(f"the {len(members):,} outlines of group {group} unite; none is taken for a hole")
            continue
        for hole, parent in _holes([regions[index] for index in members]):
            inner, outer = regions.pop(members[hole]), regions[members[parent]]
            regions[members[parent]] = _with_hole(outer, inner)
            notes.append(f"{listed[members[hole]][0]} is a hole in {listed[members[parent]][0]}, both of group {group}")
    return tuple(regions.values()), tuple(notes)


def _holes(regions: Sequence[Region]) -> Iterable[tuple[int, int]]:
    """Pairs (hole, the outline that it is a hole in), as positions in `regions`."""
    areas = [_area(region) for region in regions]
    around: dict[int, list[int]] = {}
    for inner, outer in zip(*shapely.STRtree(areas).query(areas, predicate="within").tolist(), strict=True):
        if areas[inner].area < areas[outer].area:
            around.setdefault(inner, []).append(outer)
    parents: dict[int, int] = {}
    for inner in sorted(around, key=lambda index: -areas[index].area):
        smallest = min(around[inner], key=lambda index: areas[index].area)
        if smallest not in parents:
            parents[inner] = smallest
    return parents.items()


def _area(region: Region) -> shapely.Polygon:
    """What the outline encloses; nothing where it crosses itself, so that it is neither a hole nor has any."""
    shape = region.shape
    assert isinstance(shape, Polygon)  # noqa: S101 the caller chose them
    area = shapely.Polygon(shape.exterior, shape.holes)
    return area if area.is_valid else shapely.Polygon()


def _with_hole(outer: Region, inner: Region) -> Region:
    around, hole = outer.shape, inner.shape
    assert isinstance(around, Polygon)  # noqa: S101
    assert isinstance(hole, Polygon)  # noqa: S101
    # The same ring twice would be no hole by the even-odd rule.
    holes = dict.fromkeys((*around.holes, hole.exterior))
    return replace(outer, shape=Polygon(around.exterior, tuple(holes)))
