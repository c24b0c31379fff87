"""`python -m tests.benchmarks.recipes ["NAME SEED"…]`: some of the trials, or all; prints the section."""

import sys

from tests.benchmarks.recipes.plan import chosen

for text in chosen(set(sys.argv[1:])):
    sys.stdout.write(f"{text}\n")
