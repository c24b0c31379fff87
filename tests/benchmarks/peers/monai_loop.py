"""A plain loop over MONAI's metrics, as anyone would write it; runs with the Python of .venv-monai.

Usage: python monai_loop.py, then one line `FILE FIRST COUNT` for each answer, a line of JSON.
"""

import json
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np
import torch
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance

PAIR = (2, 2, 1024, 256)
"""Readings, labels, rows, columns."""
PIXEL_MM = 2.4


def measured(file, first, count):
    """Seconds for these pairs, and what was measured of each: Dice, HD95 and mean surface distance by label."""
    packed = np.load(file, mmap_mode="r")
    started, found = time.perf_counter(), []
    for number in range(first, first + count):
        masks = np.unpackbits(packed[number]).reshape(PAIR)
        a, b = (torch.from_numpy(reading)[None] for reading in masks)
        figures = (
            compute_dice(a, b, include_background=True),
            compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=PIXEL_MM),
            compute_average_surface_distance(a, b, include_background=True, symmetric=True, spacing=PIXEL_MM),
        )
        found.append([one[0].tolist() for one in figures])
    return time.perf_counter() - started, found


def main():
    warnings.simplefilter("ignore")  # empty masks are expected, and said to be NaN
    torch.set_num_threads(1)  # faster here than with more
    versions = {name: version(name) for name in ("monai", "torch")}
    sys.stdout.write(json.dumps(versions) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        file, first, count = line.rsplit(maxsplit=2)
        sys.stdout.write(json.dumps(measured(file, int(first), int(count))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
