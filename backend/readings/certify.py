"""The certificate of a sealed reading: where its mask comes from and what could not be kept exactly."""

from collections.abc import Sequence
from typing import Any

from backend.errors import ReadingError
from backend.measures.overlap import dice
from backend.store.regions_document import decode, encode
from converters.certificate import RULE, tool_version
from converters.errors import BadRegion
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import LABELS, Region


def certificate_of(regions: Sequence[Region], source_sha256: str, source: str) -> dict[str, Any]:
    """Source hash, tool version, Dice of the sealed masks with those of the regions as they came, losses by count.

    Args:
        regions: in grid pixels, as they came.
        source_sha256: of the arrived file.
        source: its name for messages; not kept, because file names may carry patients.

    Raises:
        ReadingError: a region cannot be drawn.
    """
    try:
        came, kept = draw(regions, GRID_SHAPE), draw(decode(encode(regions)), GRID_SHAPE)
    except BadRegion as error:
        raise ReadingError(error.message, source=source, field=error.field) from None
    return {
        "source_sha256": source_sha256,
        "tool": f"scintiloop {tool_version()}",
        "rule": RULE,
        "regions": len(regions),
        "pixels": {label: int(kept.masks[label].sum()) for label in LABELS},
        "round_trip_dice": {label: dice(came.masks[label], kept.masks[label]) for label in LABELS},
        "overlap_pixels": kept.overlap_pixels,
        "one_pixel_parts": kept.one_pixel_parts,
        "clipped_parts": kept.clipped_parts,
    }
