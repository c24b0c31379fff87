"""One export with two readers: what of their readings each conversion keeps."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from converters.folder import Wish, convert
from converters.rasterise import draw
from converters.regions import Region
from tests.benchmarks.peers.process import Peers
from tests.benchmarks.peers.samples import annotation, brush_annotation, outline

SEED = 20260102
SIZE = (256, 256)
READERS = (1, 2)
PEERS = {
    "coco": "Label Studio SDK, COCO",
    "coco_with_annotator": "Label Studio SDK, COCO, `LABEL_STUDIO_FORCE_ANNOTATOR_EXPORT`",
    "yolo": "Label Studio SDK, YOLO",
    "brush_to_png": "Label Studio SDK, PNG (the outlines as brush strokes)",
}

Kept = tuple[int, int]
"""Regions, and readings known by their reader's number."""


def table(peers: Peers, tasks: int) -> str:
    """Regions and readings kept; in every third task the second reader finds nothing."""
    random = np.random.default_rng(SEED)
    drawn = {
        (task, reader): _regions(random, 0 if reader == 2 and task % 3 == 0 else 4)
        for task in range(1, tasks + 1)
        for reader in READERS
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        outlines, strokes = _write(drawn, folder)
        kept = {
            peer: _peer(peers, tool, strokes if tool == "brush_to_png" else outlines) for tool, peer in PEERS.items()
        }
        kept |= {f"Scintiloop, {target}": way(outlines, folder / target) for target, way in OURS.items()}
    all_regions = sum(map(len, drawn.values()))
    rows = "".join(
        f"| {name} | {regions} of {all_regions} | {readings} of {len(drawn)} |\n"
        for name, (regions, readings) in kept.items()
    )
    return (
        f"**Two readers in one export: {tasks} tasks, each read twice, some without findings**\n\n"
        f"| conversion | regions that arrive | readings that can be told by their reader |\n| --- | --- | --- |\n{rows}"
    ).strip()


def _regions(random: np.random.Generator, count: int) -> list[Region]:
    return [replace(outline(random, SIZE, 40), label="metastasis") for _ in range(count)]


def _write(drawn: dict[tuple[int, int], list[Region]], folder: Path) -> tuple[Path, Path]:
    """The same readings as outlines and as brush strokes."""
    outlines, strokes = [], []
    for task in sorted({task for task, _ in drawn}):
        image = folder / f"scan-{task}.png"
        Image.new("L", (SIZE[1], SIZE[0])).save(image)
        head = {"id": task, "data": {"image": str(image)}}
        theirs = [(reader, drawn[task, reader]) for reader in READERS]
        outlines.append(head | {"annotations": [annotation(2 * task + r, r, regions, SIZE) for r, regions in theirs]})
        masks = [(r, [draw([one], SIZE).masks[one.label] for one in regions]) for r, regions in theirs]
        strokes.append(head | {"annotations": [brush_annotation(2 * task + r, r, painted) for r, painted in masks]})
    (folder / "in").mkdir()
    files = folder / "in" / "outlines.json", folder / "in" / "strokes.json"
    for file, export in zip(files, (outlines, strokes), strict=True):
        file.write_text(json.dumps(export), encoding="utf-8")
    return files


def _peer(peers: Peers, tool: str, export: Path) -> Kept:
    found = peers.ask(f"readers.{tool}", export_file=str(export))
    return found["regions"], len(found["readings"])


def _masks(export: Path, folder: Path) -> Kept:
    convert(export, folder, Wish("masks"))
    certificates = [json.loads(path.read_bytes()) for path in folder.rglob("*.certificate.json")]
    regions = sum(label["regions"] for one in certificates for label in one["labels"].values())
    return regions, len({(one["image"], one["reader"]) for one in certificates if one["reader"] is not None})


def _coco(export: Path, folder: Path) -> Kept:
    convert(export, folder, Wish("coco"))
    documents = [json.loads(path.read_bytes()) for path in folder.rglob("*.coco.json")]
    images = {(one["file_name"], one["annotator"]) for document in documents for one in document["images"]}
    return sum(len(document["annotations"]) for document in documents), len(images)


OURS: dict[str, Callable[[Path, Path], Kept]] = {"masks": _masks, "COCO": _coco}
