"""What became of one drawn image: enough to show later that nothing was lost or silently changed."""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from converters.drawn import DrawnImage
from converters.rasterise import Drawing, draw
from converters.regions import LABELS, Label, Mask, Polygon
from converters.trace import trace

RULE = "pixel centre (column + 0.5, row + 0.5), even-odd, vertices to 1e-7 pixel; where labels overlap the bladder wins"


def certificate(
    drawn: DrawnImage, drawing: Drawing, outputs: Mapping[str, str], not_kept: Sequence[str]
) -> dict[str, object]:
    """The certificate as plain JSON.

    Args:
        drawn: what was converted.
        drawing: what it covers.
        outputs: name → SHA-256 of the files made of it.
        not_kept: what the target does not say.
    """
    masks = drawing.disjoint()
    return {
        "tool": f"scintiloop {tool_version()}",
        "source": drawn.origin.name,
        "source_sha256": drawn.origin.sha256,
        "format": drawn.origin.format,
        "format_version": drawn.origin.version,
        "image": drawn.image,
        "rows": drawn.rows,
        "columns": drawn.columns,
        "reader": drawn.reader,
        "exclusion": drawn.exclusion,
        "rule": RULE,
        "labels": {label: _of_label(drawn, label, masks[label]) for label in LABELS},
        "overlap_pixels": drawing.overlap_pixels,
        "one_pixel_parts": drawing.one_pixel_parts,
        "clipped_regions": drawing.clipped_parts,
        "not_kept": [*not_kept, *(str(problem) for problem in drawn.problems)],
        "outputs": dict(outputs),
    }


def tool_version() -> str:
    """Version of the installed package, `unknown` where it runs without being installed."""
    try:
        return version("scintiloop")
    except PackageNotFoundError:
        return "unknown"


def _of_label(drawn: DrawnImage, label: Label, mask: Mask) -> dict[str, object]:
    regions = [region for region in drawn.regions if region.label == label]
    return {
        "regions": len(regions),
        "holes": sum(len(region.shape.holes) for region in regions if isinstance(region.shape, Polygon)),
        "pixels": int(np.count_nonzero(mask)),
        "dice_mask_outline_mask": _round_trip(mask, label),
    }


def _round_trip(mask: Mask, label: Label) -> float | None:
    """Dice of the mask with itself after mask → outline → mask; None for an empty mask."""
    if not mask.any():
        return None
    again = draw(trace(mask, label), (mask.shape[0], mask.shape[1])).masks[label]
    return float(2 * np.count_nonzero(again & mask) / (np.count_nonzero(again) + np.count_nonzero(mask)))
