"""What each tool makes of the same outlines and masks. Every cell of the tables is measured when they are made."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from converters.label_studio import read_export, to_results
from converters.labelme import read_labelme, write_labelme
from converters.rasterise import draw
from converters.regions import Mask, Polygon, Region
from converters.rle import decode_brush, decode_coco, encode_brush, encode_coco
from converters.trace import simplify, trace
from tests.benchmarks.peers.process import Peers
from tests.benchmarks.peers.samples import Files, LesionMask, disc, files_of, lesion_mask, ring

SEED = 20260101
IMAGE = (64, 64)
RADII = (1, 2, 3, 4, 5, 7, 10, 15, 20)
TINY_AREAS = (0.25, 1.0, 2.0)

OUTLINE_TOOLS = {
    "labelme": "Labelme `shapes_to_label`",
    "label_studio_coco": "Label Studio SDK, COCO export¹",
    "label_studio_brush": "Label Studio SDK, PNG export",
    "pycocotools": "pycocotools",
    "supervision": "supervision",
}
MASK_TOOLS = {
    "labelme_polygons": "Labelme, polygon of a mask",
    "labelme_mask": "Labelme, mask in its file",
    "label_studio_brush": "Label Studio SDK, brush stroke",
    "label_studio_coco": "Label Studio SDK, brush stroke exported to COCO¹",
    "pycocotools_runs": "pycocotools, run lengths",
    "supervision_polygons": "supervision, polygons",
}
OURS = "Scintiloop"


def outline_tables(peers: Peers, count: int) -> Iterator[str]:
    """Tables of what becomes of outlines; `count` discs of each size."""
    random = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        sizes = {radius: [disc(random, radius, IMAGE) for _ in range(count)] for radius in RADII}
        drawn = {radius: _drawn(peers, sizes[radius], Path(folder)) for radius in RADII}
        yield _table(
            "Area error by lesion radius: area of the mask against the area of the outline, mean, %",
            ["radius, px", *drawn[RADII[0]]],
            [
                [str(radius), *(_area_error(sizes[radius], masks) for masks in drawn[radius].values())]
                for radius in RADII
            ],
        )
        yield _table(
            "Wrong pixels by lesion radius: pixels that differ from those whose centres the outline holds², mean, %",
            ["radius, px", *drawn[RADII[0]]],
            [[str(radius), *(_wrong(sizes[radius], masks) for masks in drawn[radius].values())] for radius in RADII],
        )
        rings = [ring(random, IMAGE) for _ in range(count)]
        of_rings = _drawn(peers, rings, Path(folder))
        rows = [["hole of 5 px radius left open", *(_left_open(rings, masks) for masks in of_rings.values())]]
        for area in TINY_AREAS:
            tiny = [disc(random, float(np.sqrt(area / np.pi)), IMAGE) for _ in range(count)]
            kept = _drawn(peers, tiny, Path(folder))
            rows.append([f"lesion of {area:g} px² kept", *(_kept(masks, count) for masks in kept.values())])
        yield _table(
            "Holes and tiny lesions: the hole's pixels left open, %; lesions that become any pixel, % (mean pixels)",
            ["", *of_rings],
            rows,
        )


def mask_table(peers: Peers, count: int) -> str:
    """What becomes of masks on the way into a form and back; `count` masks with four lesions each."""
    random = np.random.default_rng(SEED)
    lesions = [lesion_mask(random) for _ in range(count)]
    masks = [one.mask for one in lesions]
    ways = {name: peers.again(tool, masks) for tool, name in MASK_TOOLS.items()}
    ways |= {f"{OURS}, {name}": [way(mask) for mask in masks] for name, way in OUR_WAYS.items()}
    return _table(
        "Mask → file → mask: Dice with the mask that went in, holes and smallest lesions that come back",
        [
            "way",
            "Dice, mean",
            "Dice, least",
            "holes left open, %",
            "1-pixel lesions kept, %",
            "2-pixel lesions kept, %",
        ],
        [[name, *_came_back(lesions, again)] for name, again in ways.items()],
    )


def _drawn(peers: Peers, regions: Sequence[Region], folder: Path) -> dict[str, list[Mask]]:
    """Every tool's masks of the same outlines, by the tool's name."""
    files = files_of(regions, IMAGE, folder, "case")
    masks = {name: peers.outlines(tool, files.labelme, files.export) for tool, name in OUTLINE_TOOLS.items()}
    masks[OURS] = [draw([region], IMAGE).masks[region.label] for region in _read(files)]
    empty = np.zeros(IMAGE, bool)
    return {name: [*found, *[empty] * (len(regions) - len(found))] for name, found in masks.items()}


def _read(files: Files) -> tuple[Region, ...]:
    return read_labelme(files.labelme.read_bytes(), files.labelme.name).regions


def _polygon(region: Region) -> Polygon:
    assert isinstance(region.shape, Polygon)
    return region.shape


def _shapely(region: Region) -> shapely.Polygon:
    polygon = _polygon(region)
    return shapely.Polygon(polygon.exterior, polygon.holes)


def _centres_inside(polygon: shapely.Polygon) -> Mask:
    row, column = np.indices(IMAGE) + 0.5
    return np.asarray(shapely.contains_xy(polygon, column, row))


def _area_error(regions: Sequence[Region], masks: Sequence[Mask]) -> str:
    areas = [_shapely(region).area for region in regions]
    errors = [np.count_nonzero(mask) / area - 1 for mask, area in zip(masks, areas, strict=True)]
    return f"{100 * np.mean(errors):+.1f}"


def _wrong(regions: Sequence[Region], masks: Sequence[Mask]) -> str:
    exact = [_centres_inside(_shapely(region)) for region in regions]
    shares = [
        np.count_nonzero(mask ^ right) / np.count_nonzero(right) for mask, right in zip(masks, exact, strict=True)
    ]
    return f"{100 * np.mean(shares):.1f}"


def _left_open(rings: Sequence[Region], masks: Sequence[Mask]) -> str:
    """Of masks that hold anything at all: where nothing is drawn no hole is kept."""
    holes = [_centres_inside(shapely.Polygon(_polygon(region).holes[0])) for region in rings]
    return _share_open([mask if mask.any() else ~mask for mask in masks], holes)


def _share_open(masks: Sequence[Mask], holes: Sequence[Mask]) -> str:
    shares = [np.count_nonzero(hole & ~mask) / np.count_nonzero(hole) for mask, hole in zip(masks, holes, strict=True)]
    return f"{100 * np.mean(shares):.0f}"


def _kept(masks: Sequence[Mask], count: int) -> str:
    sizes = [size for mask in masks if (size := np.count_nonzero(mask))]
    return f"{100 * len(sizes) / count:.0f}" + (f" ({np.mean(sizes):.1f})" if sizes else "")


def _came_back(lesions: Sequence[LesionMask], again: Sequence[Mask]) -> list[str]:
    dice = [_dice(one.mask, other) for one, other in zip(lesions, again, strict=True)]
    kept: list[NDArray[np.bool_]] = [
        np.array([bool((small & other).any()) for small, other in zip(smalls, again, strict=True)])
        for smalls in ([one.one for one in lesions], [one.two for one in lesions])
    ]
    return [
        f"{np.mean(dice):.3f}",
        f"{min(dice):.3f}",
        _share_open(again, [one.hole for one in lesions]),
        *(f"{100 * np.mean(found):.0f}" for found in kept),
    ]


def _dice(a: Mask, b: Mask) -> float:
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def _through_labelme(mask: Mask) -> Mask:
    written = write_labelme(trace(mask, "metastasis"), "case.png", *_size(mask))
    return draw(read_labelme(written, "case.json").regions, _size(mask)).masks["metastasis"]


def _through_label_studio(mask: Mask) -> Mask:
    """As pre-annotations are made: outlines of few points."""
    rows, columns = _size(mask)
    few = [simplify(region, (rows, columns)) for region in trace(mask, "metastasis")]
    result = to_results(few, from_name="label", to_name="image", rows=rows, columns=columns)
    task = {"id": 1, "data": {"image": "case.png"}, "annotations": [{"id": 1, "completed_by": 1, "result": result}]}
    (submission,), _ = read_export([task], "case.json")
    return draw(submission.regions["image"], (rows, columns)).masks["metastasis"]


def _size(mask: Mask) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]


OUR_WAYS: dict[str, Callable[[Mask], Mask]] = {
    "exact outlines in a Labelme file": _through_labelme,
    "Label Studio outlines of at most 60 points": _through_label_studio,
    "brush stroke": lambda mask: decode_brush(encode_brush(mask), *_size(mask)),
    "COCO run lengths": lambda mask: decode_coco(encode_coco(mask)),
}


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return f"**{title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
