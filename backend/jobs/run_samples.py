"""Pictures of what a run outlines on validation cases, beside its log: they outlive the run and name nobody."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy import ndimage

from backend.measures.overlap import dice
from backend.records import LabelMasks, SubImage
from backend.settings import Settings
from converters.regions import LABELS, Mask

if TYPE_CHECKING:
    from backend.training.loop import Sampled

LISTING = "samples.json"
GREYS = 254
REFERENCE, OUTLINED = 254, 255
"""Places in the palette after the greys."""
COLOURS = ((209, 87, 10), (11, 107, 203))
"""Of the reference and of the model, as in the report."""


def samples_folder(settings: Settings, run_id: str) -> Path:
    return settings.home / "logs" / f"run-{run_id}"


def keep_samples(settings: Settings, run_id: str, step: int, samples: "Sequence[Sampled]") -> None:
    """Replaces the run's pictures by these, which were outlined after `step` steps."""
    folder = samples_folder(settings, run_id)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for number, one in enumerate(samples, start=1):
        name = f"{step}-{number}.png"
        image = one.sub_images.get("low", next(iter(one.sub_images.values())))
        (folder / name).write_bytes(picture(image, one.reference, one.outlined))
        pictures.append({"name": name, "dice": _dice(one.reference, one.outlined)})
    partial = folder / f"{LISTING}.new"
    partial.write_text(json.dumps({"step": step, "pictures": pictures}), encoding="utf-8")
    partial.replace(folder / LISTING)
    kept = {one["name"] for one in pictures}
    for old in folder.glob("*.png"):
        if old.name not in kept:
            old.unlink()


def kept_samples(settings: Settings, run_id: str) -> dict[str, Any] | None:
    """`step` and `pictures` (`name`, `dice` by label, None where neither holds it); None before the first."""
    try:
        found: dict[str, Any] = json.loads((samples_folder(settings, run_id) / LISTING).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def picture(image: SubImage, reference: LabelMasks, outlined: LabelMasks) -> bytes:
    """A PNG of the image's size: the image in grey, rings around the reference's regions and, above, the model's.

    Args:
        image: `(1024, 256)` uint8.
        reference, outlined: masks of the same size.
    """
    levels = (image.astype(np.uint16) * (GREYS - 1) // 255).astype(np.uint8)
    for masks, colour in ((reference, REFERENCE), (outlined, OUTLINED)):
        for label in LABELS:
            levels[_ring(masks[label])] = colour
    made = Picture.fromarray(levels, mode="P")
    made.putpalette(_palette())
    buffer = io.BytesIO()
    made.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _ring(mask: Mask) -> Mask:
    """The pixels around a mask: its own stay in sight."""
    ring: Mask = ndimage.binary_dilation(mask, np.ones((3, 3), bool)) & ~mask
    return ring


def _palette() -> list[int]:
    greys: NDArray[np.uint8] = np.linspace(0, 255, GREYS).round().astype(np.uint8)
    return [*greys.repeat(3).tolist(), *(part for colour in COLOURS for part in colour)]


def _dice(reference: LabelMasks, outlined: LabelMasks) -> dict[str, float | None]:
    return {label: dice(reference[label], outlined[label], reference.ignored) for label in LABELS}
