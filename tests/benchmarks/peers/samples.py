"""What is measured on: outlines and masks made from a seed, and the files that hold them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from converters.label_studio import to_results
from converters.labelme import write_labelme
from converters.regions import Mask, Polygon, Region
from converters.rle import encode_brush

VERTICES = 64
GRID = (1024, 256)
Random = np.random.Generator


@dataclass(frozen=True)
class Files:
    """The same outlines as a Labelme file and as a Label Studio export."""

    labelme: Path
    export: Path


def files_of(regions: Sequence[Region], shape: tuple[int, int], folder: Path, name: str) -> Files:
    """Writes both files; every outline is one shape, one entry."""
    made = Files(folder / f"{name}.json", folder / f"{name}.export.json")
    made.labelme.write_bytes(write_labelme(regions, f"{name}.png", *shape))
    task = {"id": 1, "data": {"image": f"{name}.png"}, "annotations": [annotation(1, 1, regions, shape)]}
    made.export.write_text(json.dumps([task]), encoding="utf-8")
    return made


def annotation(
    number: int, reader: int, regions: Sequence[Region], shape: tuple[int, int], *, image: str = "image"
) -> dict[str, object]:
    """What a reader submitted, as polygons; the control of the image `image` is called `label`."""
    control = "label" if image == "image" else f"{image}_label"
    result = to_results(regions, from_name=control, to_name=image, rows=shape[0], columns=shape[1])
    return {"id": number, "completed_by": reader, "created_at": f"2026-01-01T00:00:{reader:02}Z", "result": result}


def brush_annotation(number: int, reader: int, masks: Sequence[Mask]) -> dict[str, object]:
    """What a reader submitted, as brush strokes."""
    result = [
        {
            "id": f"{number}-{index}",
            "from_name": "label",
            "to_name": "image",
            "type": "brushlabels",
            "original_width": mask.shape[1],
            "original_height": mask.shape[0],
            "value": {"format": "rle", "rle": encode_brush(mask), "brushlabels": ["metastasis"]},
        }
        for index, mask in enumerate(masks)
    ]
    return {"id": number, "completed_by": reader, "created_at": f"2026-01-01T00:00:{reader:02}Z", "result": result}


def disc(random: Random, radius: float, shape: tuple[int, int]) -> Region:
    """A disc somewhere inside the image, its centre anywhere in a pixel."""
    return Region("metastasis", Polygon(_circle(_somewhere(random, radius + 2, shape), radius)))


def ring(random: Random, shape: tuple[int, int], outer: float = 12, inner: float = 5) -> Region:
    centre = _somewhere(random, outer + 2, shape)
    return Region("metastasis", Polygon(_circle(centre, outer), (_circle(centre, inner),)))


def outline(random: Random, shape: tuple[int, int], points: int) -> Region:
    """What a reader might draw round a lesion: a star-shaped, uneven outline of 4 to 25 pixels' radius."""
    radius = 4 * (25 / 4) ** random.random()
    angles = np.sort(random.uniform(0, 2 * np.pi, points))
    waves = sum(random.normal(0, 0.12) * np.cos(wave * angles + random.uniform(0, 7)) for wave in range(2, 6))
    distances = radius * np.clip(1 + waves, 0.3, 1.7)
    column, row = _somewhere(random, min(radius * 1.7, min(shape) / 2 - 1), shape)
    places = np.stack([column + distances * np.cos(angles), row + distances * np.sin(angles)], axis=1)
    return Region("bladder" if random.random() < 0.15 else "metastasis", Polygon(_ring(places)))


@dataclass(frozen=True, eq=False)
class LesionMask:
    """A mask with a ragged lesion, one with a hole, one of 1 pixel and one of 2.

    Attributes:
        mask: all of them, `(128, 128)` bool.
        hole: pixels of the hole.
        one, two: pixels of the two small lesions.
    """

    mask: Mask
    hole: Mask
    one: Mask
    two: Mask


def lesion_mask(random: Random) -> LesionMask:
    """The four lesions, each somewhere in its quarter."""
    mask, one, two = (np.zeros((128, 128), bool) for _ in range(3))
    noise = ndimage.gaussian_filter(random.normal(size=(60, 60)), 2)
    distance = np.hypot(*(np.indices((60, 60)) - 29.5)) / 30
    mask[2:62, 2:62] = noise / noise.std() > 3 * distance - 1.5
    row, column = np.indices(mask.shape)
    away = np.hypot(row - random.uniform(28, 36), column - random.uniform(92, 100))
    inner, thickness = random.uniform(2, 6), random.uniform(3, 8)
    hole = away < inner
    one[tuple(random.integers(70, 122, 2) - (0, 64))] = True
    first = random.integers(70, 122, 2)
    two[tuple(first)] = two[tuple(first + [(0, 1), (1, 0), (1, 1)][random.integers(3)])] = True
    return LesionMask(mask | ((away < inner + thickness) & ~hole) | one | two, hole, one, two)


def write_large_export(path: Path, tasks: int, outlines: int, random: Random) -> int:
    """A two-reader export of tasks with two images each, `outlines` of 60 points per reading of a task; gives the bytes
    of the largest task.
    """
    largest = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number in range(1, tasks + 1):
            text = json.dumps(_large_task(number, outlines, random))
            largest = max(largest, len(text))
            file.write(text if number == 1 else f",{text}")
        file.write("]")
    return largest


def _large_task(number: int, outlines: int, random: Random) -> dict[str, object]:
    annotations = [_large_annotation(2 * number + reader, reader, outlines, random) for reader in (1, 2)]
    images = {image: f"scans/{number:05}_{image}.png" for image in ("anterior", "posterior")}
    return {"id": number, "data": images, "annotations": annotations, "predictions": [], "drafts": []}


def _large_annotation(number: int, reader: int, outlines: int, random: Random) -> dict[str, object]:
    front, back = (
        annotation(number, reader, [outline(random, GRID, 60) for _ in range(count)], GRID, image=image)
        for image, count in (("anterior", outlines // 2), ("posterior", outlines - outlines // 2))
    )
    return front | {"result": [*_entries(front), *_entries(back)]}


def _entries(one: dict[str, object]) -> Iterator[object]:
    result = one["result"]
    assert isinstance(result, list)
    yield from result


def _somewhere(random: Random, margin: float, shape: tuple[int, int]) -> tuple[float, float]:
    rows, columns = shape
    return random.uniform(margin, columns - margin), random.uniform(margin, rows - margin)


def _circle(centre: tuple[float, float], radius: float) -> tuple[tuple[float, float], ...]:
    angles = np.arange(VERTICES) * 2 * np.pi / VERTICES
    return _ring(np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], axis=1))


def _ring(places: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((float(column), float(row)) for column, row in places)
