"""A study's outlines as Label Studio's results: each projection on its own control and image."""

from collections.abc import Iterable, Mapping
from typing import Any

from backend.labelstudio.layout import image_name, label_control
from backend.records import PROJECTIONS, Projection
from converters.grid import GRID_COLUMNS, GRID_ROWS
from converters.label_studio import to_results
from converters.regions import Region


def study_results(regions: Mapping[Projection, Iterable[Region]]) -> list[dict[str, Any]]:
    """The results of one task.

    Args:
        regions: in grid pixels, by projection; a projection that is left out has none.
    """
    return [
        result
        for projection in PROJECTIONS
        for result in to_results(
            tuple(regions.get(projection, ())),
            from_name=label_control(projection),
            to_name=image_name(projection, "low"),
            rows=GRID_ROWS,
            columns=GRID_COLUMNS,
        )
    ]
