"""`make bench`: measures what docs/benchmarks.md states, and writes it there. Nothing is asserted.

Each benchmark writes its own section; a section that is not measured now stays as it was.
Usage: python -m tests.benchmarks [NAME…]
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import agreement, converters, loop, outlines, reading_room, services, training
from tests.benchmarks.machine import describe
from tests.benchmarks.recipes import plan

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
BENCHMARKS: dict[str, Callable[[], Iterator[str]]] = {
    "converters": converters.measure,
    "outlines": outlines.measure,
    "agreement": agreement.measure_agreement,
    "loop": loop.measure,
    "services": services.measure,
    "reading-room": reading_room.measure,
    "training": training.measure,
    "recipes": plan.measure,
}
HEAD = "# Benchmarks\n\nWritten by `make bench`; absolute times belong to the machine named in each section.\n"


def main(names: list[str]) -> None:
    sections = _sections()
    for name in names or list(BENCHMARKS):
        for section in BENCHMARKS[name]():
            sections[name] = f"{section}\n\nMeasured on {describe()}.\n"
            _write(sections)


def _sections() -> dict[str, str]:
    if not DOCUMENT.exists():
        return {}
    parts = DOCUMENT.read_text(encoding="utf-8").split("<!-- section: ")[1:]
    return {part.split(" -->\n")[0]: part.split(" -->\n", 1)[1].strip() + "\n" for part in parts}


def _write(sections: dict[str, str]) -> None:
    body = "".join(f"\n<!-- section: {name} -->\n{sections[name]}" for name in BENCHMARKS if name in sections)
    DOCUMENT.write_text(HEAD + body, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
