"""The certificate of a sealed reading: where its mask comes from and what could not be kept exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.errors import ReadingError
from backend.measures.overlap import dice
from backend.store.regions_document import decode, encode
from converters.certificate import RULE, tool_version
from converters.errors import BadRegion
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import LABELS, Polygon, Region


@dataclass(frozen=True)
class Provenance:
    """What a reading's regions came from.

    Attributes:
        sha256: of the arrived file.
        format: `labelme` or `label-studio`.
        version: of the format, "" where the file does not say.
        notes: how something was understood that could be understood otherwise.
    """

    sha256: str
    format: str
    version: str = ""
    notes: tuple[str, ...] = ()


def certificate_of(regions: Sequence[Region], provenance: Provenance, source: str) -> dict[str, Any]:
    """Where a reading comes from, Dice of the sealed masks with those of the regions as they came, repairs by count.

    Args:
        regions: in grid pixels, as they came.
        provenance: of the arrived file.
        source: its name for messages; not kept, because file names may carry patients.

    Raises:
        ReadingError: a region cannot be drawn.
    """
    try:
        came, kept = draw(regions, GRID_SHAPE), draw(decode(encode(regions)), GRID_SHAPE)
    except BadRegion as error:
        raise ReadingError(error.message, source=source, field=error.field) from None
    return {
        "source_sha256": provenance.sha256,
        "format": provenance.format,
        "format_version": provenance.version,
        "tool": f"scintiloop {tool_version()}",
        "rule": RULE,
        "regions": len(regions),
        "holes": sum(len(region.shape.holes) for region in regions if isinstance(region.shape, Polygon)),
        "pixels": {label: int(kept.masks[label].sum()) for label in LABELS},
        "round_trip_dice": {label: dice(came.masks[label], kept.masks[label]) for label in LABELS},
        "overlap_pixels": kept.overlap_pixels,
        "one_pixel_parts": kept.one_pixel_parts,
        "clipped_parts": kept.clipped_parts,
        "crossing_outlines": kept.crossing_outlines,
        "notes": list(provenance.notes),
    }
