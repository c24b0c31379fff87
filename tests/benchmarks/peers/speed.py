"""Speed beside the peers, in one run: ours and theirs take turns, each timed in its own process."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from converters.labelme import read_labelme, write_labelme
from converters.rasterise import draw
from tests.benchmarks.peers.process import Peers
from tests.benchmarks.peers.samples import GRID, outline

SEED = 20260103
OUTLINES = 12
POINTS = 40
GOAL = 3


def polygon_files(peers: Peers, files: int, rounds: int) -> str:
    """Labelme polygon files → masks, a line of the table."""
    random = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.json" for number in range(files)]
        for path in paths:
            drawn = [outline(random, GRID, POINTS) for _ in range(OUTLINES)]
            path.write_bytes(write_labelme(drawn, f"{path.stem}.png", *GRID))
        names = list(map(str, paths))
        turns = [(_ours(paths), peers.ask("speed.labelme_polygons", files=names)) for _ in range(rounds + 1)][1:]
    ours, theirs = (1000 * statistics.median(seconds) / files for seconds in zip(*turns, strict=True))
    what = f"Labelme file, {OUTLINES} outlines of {POINTS} points → masks at {GRID[0]} × {GRID[1]}, parsing included"
    return row(what, ours, "Labelme `shapes_to_label`", theirs, GOAL)


def row(what: str, ours: float, peer: str, theirs: float, goal: float) -> str:
    """A line of the speed table: medians in milliseconds, and how often ours goes into the peer's."""
    ratio = theirs / ours
    verdict = "reached" if ratio >= goal else "**not reached**"
    return f"| {what} | {ours:.2f} | {peer} | {theirs:.2f} | {ratio:.1f} × | {goal:g} ×: {verdict} |"


HEAD = "| work | Scintiloop, ms | peer | peer, ms | faster by | goal |\n| --- | --- | --- | --- | --- | --- |"


def _ours(paths: list[Path]) -> float:
    started = time.perf_counter()
    for path in paths:
        document = read_labelme(path.read_bytes(), path.name)
        draw(document.regions, GRID).disjoint()
    return time.perf_counter() - started
