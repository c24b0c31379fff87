"""What became of one drawn image: enough to show later that nothing was lost or silently changed."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from converters.drawn import DrawnImage
from converters.losses import Losses
from converters.rasterise import Drawing, draw
from converters.regions import LABELS, Label, Mask, Polygon
from converters.trace import trace

RULE = "pixel centre (column + 0.5, row + 0.5), even-odd, vertices to 1e-7 pixel; where labels overlap the bladder wins"

Masks = Mapping[Label, Mask]


def certificate(
    drawn: DrawnImage, drawing: Drawing, outputs: Mapping[str, str], came_back: Masks, losses: Losses
) -> dict[str, object]:
    """The certificate as plain JSON.

    Args:
        drawn: what was converted.
        drawing: what it covers.
        outputs: name → SHA-256 of the files made of it.
        came_back: the masks that the outputs give when they are read again.
        losses: what the outputs do not say.
    """
    masks = drawing.disjoint()
    return {
        "tool": f"scintiloop {tool_version()}",
        "source": drawn.origin.name,
        "source_sha256": drawn.origin.sha256,
        "read_with": [{"source": name, "sha256": sha256} for name, sha256 in drawn.origin.further],
        "format": drawn.origin.format,
        "format_version": drawn.origin.version,
        "image": drawn.image,
        "rows": drawn.rows,
        "columns": drawn.columns,
        "reader": drawn.reader,
        "exclusion": drawn.exclusion,
        "rule": RULE,
        "labels": {
            label: _of_label(drawn, label, masks[label])
            | {"dice_mask_output_mask": dice(masks[label], came_back[label])}
            for label in LABELS
        },
        "overlap_pixels": drawing.overlap_pixels,
        "one_pixel_parts": drawing.one_pixel_parts,
        "clipped_regions": drawing.clipped_parts,
        "crossing_outlines": drawing.crossing_outlines,
        "marks": len(drawn.marks),
        "notes": list(drawn.notes),
        "not_kept": [*losses.said, *losses.besides],
        "outputs": dict(outputs),
    }


@cache
def tool_version() -> str:
    """Version of the installed package, `unknown` where it runs without being installed."""
    try:
        return version("scintiloop")
    except PackageNotFoundError:
        return "unknown"


def dice(a: Mask, b: Mask) -> float | None:
    """2|A∩B| / (|A| + |B|) of two `(rows, columns)` masks; None where both are empty."""
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return float(2 * np.count_nonzero(a & b) / total) if total else None


def _of_label(drawn: DrawnImage, label: Label, mask: Mask) -> dict[str, object]:
    regions = [region for region in drawn.regions if region.label == label]
    again = draw(trace(mask, label), (mask.shape[0], mask.shape[1])).masks[label]
    return {
        "regions": len(regions),
        "holes": sum(len(region.shape.holes) for region in regions if isinstance(region.shape, Polygon)),
        "pixels": int(np.count_nonzero(mask)),
        "dice_mask_outline_mask": dice(mask, again),
    }
