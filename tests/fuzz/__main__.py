"""`make fuzz`: many mutated files through the converters. Whatever a file holds, it ends in errors or in outputs.

An uncaught exception, too long a time for one small file or too much memory fails, and the file is kept.
Usage: python -m tests.fuzz [HOW MANY] [FIRST NUMBER]; each number gives the same file again.
"""

import sys
from collections import Counter

from converters.side_by_side import in_order, processors
from tests.fuzz.run import BATCH, KEPT, SEEDS, run_batch


def main(count: int, first: int) -> int:
    """Runs `count` files and says how they ended."""
    ended: Counter[str] = Counter()
    slowest = memory = 0.0
    numbers = range(first, first + count, BATCH)
    for start, (batch, slow, peak) in in_order(numbers, run_batch, processors(), run_batch.__module__):
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
