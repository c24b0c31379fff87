"""One batch of mutated files through the converters, in a process that may not take long nor much memory."""

import random
import resource
import signal
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType

from converters.drawn import Dialect
from converters.folder import convert
from converters.regions import Label
from converters.wish import Wish
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import seeds

SECONDS = 20
BYTES_A_SECOND = 2**20
"""For large files, on top of that."""
MEMORY = 4 * 2**30
BATCH = 250
KEPT = Path(tempfile.gettempdir()) / "scintiloop-fuzz"
SEEDS = list(seeds())
TARGETS = ("masks", "masks", "labelme", "label-studio", "coco")
NUMBERS: dict[int, Label | None] = {0: None, 1: "metastasis", 2: "bladder", 255: "metastasis"}


class TooSlow(BaseException):
    """No Exception, so that nothing under test takes it for one of its own."""


def run_batch(first: int) -> tuple[Counter[str], float, float]:
    """Files `first` to `first + BATCH`; returns what they ended in, the slowest, and the peak memory in MB."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_slow)
    ended: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + BATCH):
            started = time.monotonic()
            ended[_run(number, Path(folder))] += 1
            slowest = max(slowest, time.monotonic() - started)
    return ended, slowest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run(number: int, folder: Path) -> str:
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
    path = folder / name
    path.write_bytes(content)
    signal.alarm(SECONDS + len(content) // BYTES_A_SECOND)
    try:
        outcome = convert(path, folder / "out", wish, jobs=1)
    except BaseException:  # noqa: BLE001 what escapes is what is looked for
        KEPT.mkdir(exist_ok=True)
        (KEPT / f"{number}-{name}").write_bytes(content)
        (KEPT / f"{number}.txt").write_text(f"{wish}\n{traceback.format_exc()}")
        return "failed"
    finally:
        signal.alarm(0)
    return "converted" if outcome.converted and not outcome.errors else "partly" if outcome.converted else "refused"


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow
