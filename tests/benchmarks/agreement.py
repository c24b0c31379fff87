"""The agreement of many projections by all cores, beside a plain loop over MONAI's metrics on the same masks."""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.agreement.measure import Measures, measure
from backend.agreement.parallel import each, usable_cores
from backend.measures.surface import surface_distances
from backend.records import AgreementRules, LabelMasks
from converters.grid import GRID_SHAPE
from converters.regions import LABELS, Mask

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-monai" / "bin" / "python"
LOOP = Path(__file__).parent / "peers" / "monai_loop.py"

PROJECTIONS = 10_000
SAMPLE = 200
ROUNDS = 3
GOAL = 10
PAIR = (2, 2, *GRID_SHAPE)
"""Readings, labels, rows, columns."""
PIXEL_MM = 2.4
RULES = AgreementRules()


def measure_agreement(projections: int = PROJECTIONS, sample: int = SAMPLE) -> Iterator[str]:
    """The section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder, Monai() as monai:
        file = Path(folder) / "masks.npy"
        _write_masks(file, projections)
        ours, alone, theirs = [], [], []
        for turn in range(ROUNDS):
            ours.append(_seconds(file, projections, None) / projections)
            first = turn * sample % (projections - sample + 1)
            seconds, values = monai.measured(file, first, sample)
            theirs.append(seconds / sample)
            alone.append(_seconds(file, sample, 1, first) / sample)
        yield _section(projections, sample, ours, alone, theirs, _worst(file, first, values), monai.versions)


def _section(
    projections: int,
    sample: int,
    ours: list[float],
    alone: list[float],
    theirs: list[float],
    worst: dict[str, float],
    versions: dict[str, str],
) -> str:
    together, single, peer = (1000 * statistics.median(one) for one in (ours, alone, theirs))
    verdict = "reached" if peer / together >= GOAL else "**not reached**"
    rows = [
        ("Scintiloop, all cores", f"{projections:,}", together),
        ("Scintiloop, one process", f"{sample:,}", single),
        (f"MONAI {versions['monai']}, a plain loop", f"{sample:,}", peer),
    ]
    table = "\n".join(f"| {name} | {count} | {time_:.2f} | {peer / time_:.1f} × |" for name, count, time_ in rows)
    return (
        "## Agreement\n\n"
        f"Two readings each of {projections:,} made-up projections (1024 × 256 pixels, 0 to 15 lesions of 5 to 20 "
        "pixels across and a bladder; one lesion in eight is drawn by one reader alone), as bits in a file. Scintiloop "
        "measures the whole document: Dice, HD95 and mean surface distance of both labels, lesions matched, split, "
        "merged and swapped, and why a physician is asked; starting the processes counts. MONAI computes Dice, HD95 "
        f"and the symmetric mean surface distance of both labels with torch {versions['torch']} on one thread, which "
        f"is its faster way here, for {sample} of the same projections in each of {ROUNDS} rounds. Both in turn, "
        "medians.\n\n"
        "| who | projections | ms per projection | faster than MONAI |\n| --- | --- | --- | --- |\n"
        f"{table}\n\n"
        f"Goal: {GOAL} × in parallel: {verdict} ({usable_cores()} cores). Largest difference of the values: Dice "
        f"{worst['dice']:.0e}, HD95 {worst['hd95']:.0e} mm, mean surface distance {worst['mean']:.0e} mm; MONAI counts "
        "in single precision."
    )


class Monai:
    """The running loop; use it as a context manager."""

    def __enter__(self) -> "Monai":
        if not PYTHON.exists():
            raise SystemExit("MONAI is not installed: scripts/set-up bench")
        self._process = subprocess.Popen([PYTHON, LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.versions: dict[str, str] = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()

    def measured(self, file: Path, first: int, count: int) -> Any:
        """Seconds and values of `count` pairs."""
        assert self._process.stdin
        self._process.stdin.write(f"{file} {first} {count}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("MONAI's process ended; its complaint stands above")
        return json.loads(line)


def _seconds(file: Path, count: int, processes: int | None, first: int = 0) -> float:
    started = time.perf_counter()
    done = sum(1 for _ in each(partial(_measured, file), range(first, first + count), processes))
    assert done == count
    return time.perf_counter() - started


def _measured(file: Path, number: int) -> Measures:
    return measure(*_pair(file, number), RULES, PIXEL_MM)


def _pair(file: Path, number: int) -> tuple[LabelMasks, LabelMasks]:
    masks = np.unpackbits(np.load(file, mmap_mode="r")[number]).astype(bool).reshape(PAIR)
    return LabelMasks(*masks[0]), LabelMasks(*masks[1])


def _worst(file: Path, first: int, values: list[list[list[float]]]) -> dict[str, float]:
    """The largest difference from MONAI's values, where both are defined."""
    worst = {"dice": 0.0, "hd95": 0.0, "mean": 0.0}
    for number, (dice, hd95, mean) in enumerate(values, start=first):
        a, b = _pair(file, number)
        for at, label in enumerate(LABELS):
            counts = 2 * np.count_nonzero(a[label] & b[label]), np.count_nonzero(a[label]) + np.count_nonzero(b[label])
            apart = surface_distances(a[label], b[label], PIXEL_MM)
            if counts[1] and not math.isnan(dice[at]):
                worst["dice"] = max(worst["dice"], abs(counts[0] / counts[1] - dice[at]))
            if apart:
                worst["hd95"] = max(worst["hd95"], abs(apart.hd95 - hd95[at]))
                worst["mean"] = max(worst["mean"], abs(apart.mean - mean[at]))
    return worst


def _write_masks(file: Path, count: int) -> None:
    size = math.prod(PAIR) // 8
    packed = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=(count, size))
    for number, bits in enumerate(each(_drawn, range(count))):
        packed[number] = bits
    packed.flush()


def _drawn(seed: int) -> NDArray[np.uint8]:
    """Two readings of one projection as bits: the same lesions a little apart, some of one reader alone."""
    rng = np.random.default_rng(seed)
    lesions = [
        (rng.uniform(20, 1000), rng.uniform(20, 236), rng.uniform(2.5, 10, 2), rng.uniform(0, np.pi))
        for _ in range(rng.integers(0, 16))
    ]
    row, column, radii = rng.uniform(480, 560), rng.uniform(110, 146), rng.uniform(10, 18, 2)
    masks = np.zeros(PAIR, dtype=bool)
    for metastasis, bladder in masks:
        for down, across, size, turn in lesions:
            if rng.random() >= 1 / 16:
                place = down + rng.normal(0, 1), across + rng.normal(0, 1)
                _blob(metastasis, place, size * rng.uniform(0.85, 1.15, 2), turn + rng.normal(0, 0.1))
        _blob(bladder, (row + rng.normal(0, 1.5), column + rng.normal(0, 1.5)), radii * rng.uniform(0.85, 1.15, 2), 0)
        metastasis[bladder] = False
    return np.packbits(masks)


def _blob(mask: Mask, place: tuple[float, float], radii: NDArray[np.float64], turn: float) -> None:
    """A lumpy ellipse, drawn within its own window."""
    reach = int(1.6 * max(radii)) + 2
    top, left = (max(0, int(one) - reach) for one in place)
    window = mask[top : int(place[0]) + reach, left : int(place[1]) + reach]
    rows, columns = np.indices(window.shape) + 0.5
    down, across = rows + top - place[0], columns + left - place[1]
    along = (across * np.cos(turn) + down * np.sin(turn)) / radii[0]
    beside = (down * np.cos(turn) - across * np.sin(turn)) / radii[1]
    window |= along**2 + beside**2 + 0.3 * np.sin(3 * np.arctan2(beside, along)) <= 1


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for section in measure_agreement(600, 50):
        sys.stdout.write(f"{section}\n")
