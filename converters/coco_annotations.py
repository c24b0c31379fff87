"""One COCO annotation → regions and marks."""

from dataclasses import dataclass, field
from typing import Any, Literal

import shapely

from converters.errors import BadRegion
from converters.limits import MOST_POINTS
from converters.outlines import (
    check_patch,
    check_polygon,
    number_of,
    rectangle,
    ring_of,
    shortened,
    surely_mean_something,
)
from converters.pieces import patch_of
from converters.regions import Figure, Label, Mark, MaskPatch, Polygon, Region, Ring
from converters.rle import decode_coco
from converters.seams import unpick

OURS = (
    *("id", "image_id", "category_id", "segmentation", "bbox", "area", "annotator", "score", "identifier"),
    *("suggested", "keypoints", "num_keypoints"),
)
"""Keys that become something else than `kept`, or are made of other keys."""

OURS_OF_MARKS = ("image_id", "annotator", "label", "kind", "points", "group", "identifier")
KINDS: tuple[Literal["point", "points", "line"], ...] = ("point", "points", "line")

MOST_PARTS = 1000
"""Polygons of one annotation."""

MOST_DECODED = 2**36
"""Pixels of all run lengths of one file together."""

MOST_PAINTED = 2**30
"""Pixels of all painted regions of one file together; each takes a byte."""

Size = tuple[int, int]
"""`(rows, columns)` of the image."""


@dataclass
class Allowance:
    """Pixels of run lengths that may still be decoded, and be kept as painted regions."""

    decoded: int = field(default_factory=lambda: MOST_DECODED)
    painted: int = field(default_factory=lambda: MOST_PAINTED)


def has_outline(annotation: dict[str, Any]) -> bool:
    """Whether the annotation says where its pixels are; a box alone is no outline beside key points."""
    return bool(annotation.get("segmentation")) or not _says_points(annotation)


def regions_of(
    annotation: dict[str, Any], label: Label, size: Size, group: int, allowance: Allowance
) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    """The annotation's regions, parts of one lesion, and how it was understood where it could be otherwise.

    Args:
        annotation: the entry.
        label: of its category.
        size: of its image.
        group: the number by which parts belong together, where there are several.
        allowance: what is left of it.

    Raises:
        BadRegion: it has no meaning here; fields are relative to the entry.
    """
    shapes, notes = _shapes(annotation, size, allowance)
    kept = {key: value for key, value in annotation.items() if key not in OURS}
    if not kept.get("iscrowd"):
        kept.pop("iscrowd", None)
    else:
        notes += ("several lesions as one (iscrowd): read as one region",)
    score = _score(annotation.get("score"))
    if score is None and annotation.get("score") is not None:
        kept["score"] = annotation["score"]
    regions = tuple(
        Region(
            label,
            shape,
            score=score,
            suggested=annotation.get("suggested") is True,
            group=group if len(shapes) > 1 else None,
            identifier=_identifier(annotation),
            kept=kept,
        )
        for shape in shapes
    )
    return regions, notes


def key_points_of(annotation: dict[str, Any], name: str) -> tuple[Mark, ...]:
    """The key points that are labelled, as one mark; `name` is their category's.

    Raises:
        BadRegion: no list of column, row and visibility.
    """
    if not _says_points(annotation):
        return ()
    told = annotation["keypoints"]
    if not isinstance(told, list) or len(told) % 3:
        raise BadRegion("key points are a list of column, row and visibility", field="keypoints")
    numbers = [number_of(value, f"keypoints[{index}]") for index, value in enumerate(told)]
    points = tuple((numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 3) if numbers[at + 2] > 0)
    if not points:
        return ()
    kept = {key: value for key, value in annotation.items() if key not in OURS} | {"keypoints": told}
    return (
        Mark("point" if len(points) == 1 else "points", name, points, identifier=_identifier(annotation), kept=kept),
    )


def mark_of(entry: dict[str, Any]) -> Mark:
    """A mark of the document's own list of marks, as they are written here.

    Raises:
        BadRegion: it says no label, kind or points.
    """
    kind, label, group = entry.get("kind"), entry.get("label"), entry.get("group")
    if kind not in KINDS:
        raise BadRegion(f"{shortened(kind)} is no mark; use one of {', '.join(KINDS)}", field="kind")
    if not isinstance(label, str):
        raise BadRegion(f"{shortened(label)} is no label", field="label")
    if group is not None and (isinstance(group, bool) or not isinstance(group, int)):
        raise BadRegion(f"{shortened(group)} is no number of a group", field="group")
    points = ring_of(entry.get("points"))
    fewest = 2 if kind == "line" else 1
    if len(points) < fewest or (kind == "point" and len(points) > 1):
        raise BadRegion(f"a {kind} of {len(points)} points is none", field="points")
    identifier = entry.get("identifier")
    kept = {key: value for key, value in entry.items() if key not in OURS_OF_MARKS}
    named = identifier if isinstance(identifier, str) else None
    return Mark(kind, label, points, group=group, identifier=named, kept=kept)


def _score(told: object) -> float | None:
    """A confidence, None where it is none."""
    is_number = isinstance(told, int | float) and not isinstance(told, bool)
    return float(told) if is_number and 0 <= told <= 1 else None  # type: ignore[operator,arg-type]


def _identifier(annotation: dict[str, Any]) -> str | None:
    told = annotation.get("identifier", annotation.get("id"))
    return str(told) if isinstance(told, int | str) else None


def _says_points(annotation: dict[str, Any]) -> bool:
    told = annotation.get("keypoints")
    return bool(told) and (not isinstance(told, list) or len(told) % 3 > 0 or any(told[2::3]))


def _shapes(
    annotation: dict[str, Any], size: Size, allowance: Allowance
) -> tuple[list[Polygon] | list[MaskPatch], tuple[str, ...]]:
    told = annotation.get("segmentation")
    if not told:
        return [_boxed(annotation.get("bbox"), size)], ("says a box and no outline: the box is read as drawn",)
    if isinstance(told, dict):
        return _painted(told, size, allowance)
    if isinstance(told, list) and len(told) <= MOST_PARTS:
        polygons = [_polygon(ring, f"segmentation[{index}]") for index, ring in enumerate(told)]
        for index, sure in enumerate(surely_mean_something(polygons, size)):
            if not sure:
                check_polygon(polygons[index], size, f"segmentation[{index}]")
        return polygons, _about_parts(polygons)
    message = f"{shortened(told)} is neither a list of up to {MOST_PARTS:,} polygons nor run lengths"
    raise BadRegion(message, field="segmentation")


def _boxed(told: object, size: Size) -> Polygon:
    if not isinstance(told, list) or len(told) != 4:
        raise BadRegion("says no outline; draw one", field="segmentation")
    column, row, columns, rows = (number_of(value, f"bbox[{index}]") for index, value in enumerate(told))
    if columns <= 0 or rows <= 0:
        raise BadRegion(f"a box of {columns:g} columns × {rows:g} rows encloses nothing; draw an outline", field="bbox")
    figure = Figure("rectangle", ((column, row), (column + columns, row + rows)))
    return check_polygon(Polygon(rectangle((column, row), (columns, rows)), figure=figure), size, "bbox")


def _polygon(told: object, field: str) -> Polygon:
    if not isinstance(told, list) or len(told) % 2 or len(told) > 2 * MOST_POINTS:
        message = f"{shortened(told)} is no list of column, row, column, row … of up to {MOST_POINTS:,} points"
        raise BadRegion(message, field=field)
    numbers = [number_of(value, f"{field}[{index}]") for index, value in enumerate(told)]
    ring: Ring = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if len(ring) > 3 and ring[0] == ring[-1]:
        ring = ring[:-1]
    return unpick(ring)


def _about_parts(polygons: list[Polygon]) -> tuple[str, ...]:
    if len(polygons) == 1:
        return ()
    areas = [shapely.Polygon(polygon.exterior) for polygon in polygons]
    inner, outer = shapely.STRtree(areas).query(areas, predicate="within")
    if (inner == outer).all():
        return ()
    return ("an outline lies inside another one: COCO unites them, so it is no hole",)


def _painted(told: dict[str, Any], size: Size, allowance: Allowance) -> tuple[list[MaskPatch], tuple[str, ...]]:
    if told.get("size") != list(size):
        message = f"{shortened(told.get('size'))} is not the image's size {list(size)} ([rows, columns])"
        raise BadRegion(message, field="segmentation.size")
    allowance.decoded -= size[0] * size[1]
    if min(allowance.decoded, allowance.painted) < 0:
        raise BadRegion("the file's run lengths would fill time and memory; split it", field="segmentation")
    try:
        mask = decode_coco(told)
    except BadRegion as error:
        raise BadRegion(error.message, field=f"segmentation.{error.field or 'counts'}") from error
    if not mask.any():
        return [], ("no pixel is painted: nothing is read",)
    patch = patch_of(mask)
    allowance.painted -= patch.pixels.size
    if allowance.painted < 0:
        raise BadRegion("the file's painted regions would fill the memory; split it", field="segmentation")
    return [check_patch(patch, size, "segmentation")], ()
