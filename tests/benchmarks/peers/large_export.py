"""A large two-reader export → masks by the command, with the memory of all its processes."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.peers.process import ROOT
from tests.benchmarks.peers.samples import write_large_export

SEED = 20260104
OUTLINES = 9
"""Per reader and task, of 60 points each: 2,000 tasks make about 100 MB."""
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Run:
    """One run of the command: seconds, largest memory of its process tree in bytes, readings that became masks."""

    seconds: float
    peak: int
    converted: int


def measure(tasks: int) -> str:
    """What the run took, in a sentence, and the same for a tenth of the tasks, to see what grows."""
    with tempfile.TemporaryDirectory() as folder:
        sizes, runs, largest = {}, {}, 0
        for count in (tasks // 10, tasks):
            export = Path(folder) / f"{count}.json"
            largest = write_large_export(export, count, OUTLINES, np.random.default_rng(SEED))
            sizes[count] = export.stat().st_size
            runs[count] = _run(export, Path(folder) / f"masks-{count}")
    lines = "".join(
        f"| {count:,} | {sizes[count] / 1e6:.1f} | {run.converted:,} | {run.seconds:.1f} | {run.peak / 1e6:.0f} |\n"
        for count, run in runs.items()
    )
    return (
        f"`scintiloop convert EXPORT DST --to masks` of an export with two readers and {2 * OUTLINES} outlines per "
        f"task; the largest task has {largest / 1e3:.0f} kB. Memory is that of the command with all its processes, "
        f"sampled every {1000 * SAMPLE_SECONDS:.0f} ms (resident set sizes, added up).\n\n"
        f"| tasks | export, MB | readings | seconds | peak memory, MB |\n| --- | --- | --- | --- | --- |\n{lines}"
    ).strip()


def _run(export: Path, destination: Path) -> Run:
    command = [sys.executable, "-m", "converters", str(export), str(destination), "--to", "masks", "--json"]
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.DEVNULL)
        root = psutil.Process(process.pid)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(root))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.monotonic() - started
        said.seek(0)
        return Run(seconds, peak, len(json.load(said)["converted"]))


def _memory(root: psutil.Process) -> int:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        return total
    return total
