"""Drawn images → Label Studio's JSON."""

import hashlib
import json
from collections.abc import Iterable

from converters.regions import Region
from converters.seams import sew
from converters.trace import polygons_of


def to_results(
    regions: Iterable[Region], *, from_name: str, to_name: str, rows: int, columns: int
) -> list[dict[str, object]]:
    """Regions as Label Studio polygons for the control `from_name` on the image tag `to_name`.

    Holes are sewn to the outline, painted regions become their exact outlines. The identifiers depend on nothing but
    the regions (a region keeps its own); `score` and `origin` are carried.
    """
    results: list[dict[str, object]] = []
    taken: set[str] = set()
    pieces = [(region, polygon) for region in regions for polygon in polygons_of(region)]
    for region, polygon in pieces:
        points = [[100 * column / columns, 100 * row / rows] for column, row in sew(polygon)]
        identifier = region.identifier or _digest(to_name, region.label, points)
        while identifier in taken:
            identifier = _digest(to_name, identifier, points)
        taken.add(identifier)
        result: dict[str, object] = {
            "id": identifier,
            "from_name": from_name,
            "to_name": to_name,
            "type": "polygonlabels",
            "origin": "prediction" if region.suggested else "manual",
            "original_width": columns,
            "original_height": rows,
            "image_rotation": 0,
            "value": {"points": points, "closed": True, "polygonlabels": [region.label]},
        }
        results.append(result if region.score is None else result | {"score": region.score})
    return results


def _digest(*said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:10]
