"""`make fuzz`: many mutated files through the converters. Whatever a file holds, it ends in errors or in outputs.

An uncaught exception, more than SECONDS for one small file or more than MEMORY fails, and the file is kept.
Usage: python -m tests.fuzz [HOW MANY] [FIRST NUMBER]; each number gives the same file again.
"""

import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType

from converters.drawn import Dialect
from converters.folder import convert
from converters.side_by_side import in_order, processors
from converters.wish import Wish
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import seeds

SECONDS = 20
MEMORY = 4 * 2**30
BATCH = 250
KEPT = Path(tempfile.gettempdir()) / "scintiloop-fuzz"
SEEDS = list(seeds())
TARGETS = ("masks", "masks", "labelme", "label-studio", "coco")
NUMBERS = {0: None, 1: "metastasis", 2: "bladder", 255: "metastasis"}


def run_batch(first: int) -> tuple[Counter[str], float, float]:
    """Files `first` to `first + BATCH`; returns what they ended in, the slowest, and the peak memory in MB."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_slow)
    ended: Counter[str] = Counter()
    slowest = 0.0
    for number in range(first, first + BATCH):
        started = time.monotonic()
        ended[_run(number)] += 1
        slowest = max(slowest, time.monotonic() - started)
    return ended, slowest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run(number: int) -> str:
    chance = random.Random(number)
    name, content = chance.choice(SEEDS)
    content = mutated(content, chance)
    numbers = NUMBERS if chance.random() < 0.3 else None
    wish = Wish(
        target=chance.choice(TARGETS),
        with_instances=chance.random() < 0.3,
        allow_lossy=chance.random() < 0.7,
        dialect=Dialect(numbers=numbers, keep_marks=chance.random() < 0.5),
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in").mkdir()
        path = Path(folder) / "in" / name
        path.write_bytes(content)
        signal.alarm(SECONDS)
        try:
            outcome = convert(path, Path(folder) / "out", wish, jobs=1)
        except BaseException:  # noqa: BLE001 whatever escapes is what is looked for
            KEPT.mkdir(exist_ok=True)
            (KEPT / f"{number}-{name}").write_bytes(content)
            (KEPT / f"{number}.txt").write_text(f"{wish}\n{traceback.format_exc()}")
            return "failed"
        finally:
            signal.alarm(0)
    return "converted" if outcome.converted and not outcome.errors else "partly" if outcome.converted else "refused"


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def main(count: int, first: int) -> int:
    """Runs `count` files and says how they ended."""
    ended: Counter[str] = Counter()
    slowest = memory = 0.0
    for start, (batch, slow, peak) in in_order(range(first, first + count, BATCH), run_batch, processors()):
        ended += batch
        slowest, memory = max(slowest, slow), max(memory, peak)
        if (start - first) % (20 * BATCH) == 0 or ended["failed"]:
            sys.stderr.write(f"{ended.total():,} files: {dict(ended)}\n")
    sys.stdout.write(
        f"{ended.total():,} mutated files of {len(SEEDS)} kinds: {ended['converted']:,} converted, "
        f"{ended['partly']:,} in part, {ended['refused']:,} refused by name, {ended['failed']:,} failed; "
        f"the slowest took {slowest:.1f} s, the most memory was {memory:.0f} MB\n"
    )
    if ended["failed"]:
        sys.stdout.write(f"the failed files and their traces: {KEPT}\n")
    return 1 if ended["failed"] else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(given[0] if given else 100_000, given[1] if len(given) > 1 else 0))
