"""What files of a target format cannot say of a drawn image."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from converters.drawn import DrawnImage
from converters.regions import Kept

SAID_BY_READERS = {"labelme": ("description", "flags")}
"""By format, the kept keys of a region in which its reader says something; elsewhere these are remarks."""

CANNOT_SAY = {
    "masks": ("exclusion", "marks"),
    "labelme": (),
    "label-studio": (),
    "coco": (),
    "dicom-seg": ("exclusion", "marks"),
}


@dataclass(frozen=True)
class Losses:
    """Attributes:
    said: what the reader said; an image that would lose it is refused unless that was asked for.
    besides: what a program said (scores, display settings, keys that nobody here knows); the certificate tells.
    """

    said: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()


def losses_of(drawn: DrawnImage, target: str) -> Losses:
    """What files of the format `target` leave out."""
    same_format = drawn.origin.format == target
    said = [str(problem) for problem in drawn.problems]
    keeps_remarks = target == "coco" or (same_format and target in ("labelme", "label-studio"))
    said += [] if keeps_remarks else [f"the choice {remark!r}" for remark in drawn.remarks]
    if drawn.exclusion is not None and "exclusion" in CANNOT_SAY[target]:
        said.append(f"the image is out: {drawn.exclusion!r}")
    if drawn.marks and "marks" in CANNOT_SAY[target]:
        said.append(f"{len(drawn.marks)} marks (points or lines)")
    besides: list[str] = []
    if not same_format:
        said += _said_of_regions(drawn)
        besides += _besides(drawn)
    if target in ("masks", "dicom-seg"):
        scored = sum(region.score is not None for region in drawn.regions)
        besides += [f"the scores of {scored} regions"] if scored else []
    return Losses(tuple(said), tuple(besides))


def _said_of_regions(drawn: DrawnImage) -> Iterator[str]:
    keys = SAID_BY_READERS.get(drawn.origin.format, ())
    for number, one in enumerate(drawn.shapes, start=1):
        for key in keys:
            if not _says_nothing(one.kept.get(key)):
                yield f"{key} of shape {number}"


def _besides(drawn: DrawnImage) -> list[str]:
    """Keys, not their values: those may name a patient."""
    said = SAID_BY_READERS.get(drawn.origin.format, ())
    of_image = _told(drawn.kept)
    of_shapes = {key for one in drawn.shapes for key in _told(one.kept)} - set(said)
    return [f"{key!r} of the image" for key in sorted(of_image - {"flags"})] + [
        f"{key!r} of its shapes" for key in sorted(of_shapes)
    ]


def _told(kept: Kept) -> set[str]:
    return {key for key, value in kept.items() if not _says_nothing(value)}


def _says_nothing(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_says_nothing(one) for one in value.values())
    return value is None or value is False or value in ("", [])
