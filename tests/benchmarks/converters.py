"""The converters beside their peers: exactness, what is kept, speed; and a large export.

The tables of what is kept also stand in docs/converters.md, between its markers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.machine import describe
from tests.benchmarks.peers import accuracy, large_export, speed, two_readers
from tests.benchmarks.peers.process import Peers

PAGE = Path(__file__).parents[2] / "docs" / "converters.md"
BETWEEN = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- end of measured -->)", re.DOTALL)

FOOTNOTES = (
    "¹ COCO's polygons, filled by pycocotools. ² The centres inside are found by shapely, not by Scintiloop. The SDK's "
    "PNG and NumPy exports hold brush strokes only: it leaves outlines out without saying so."
)


@dataclass(frozen=True)
class Sizes:
    """How much is measured: discs per radius, masks, tasks, files and rounds, tasks of the large export."""

    discs: int = 500
    masks: int = 200
    tasks: int = 30
    files: int = 50
    rounds: int = 15
    large: int = 2000


SMALL = Sizes(20, 10, 6, 5, 3, 20)


def measure(sizes: Sizes = Sizes(), page: Path = PAGE) -> Iterator[str]:
    """The section of docs/benchmarks.md, growing; writes the tables of what is kept into the page as well."""
    with Peers() as peers:
        kept = _kept(peers, sizes)
        _write(page, kept)
        section = f"## Converters\n\n{kept}"
        yield section
        section += f"\n\n### Speed\n\n{_speed(peers, sizes)}"
        yield section
    yield f"{section}\n\n### A large export\n\n{large_export.measure(sizes.large)}"


def _kept(peers: Peers, sizes: Sizes) -> str:
    names = (
        "Labelme {labelme}, label-studio-sdk {label-studio-sdk}, pycocotools {pycocotools}, supervision {supervision}"
    )
    tables = [
        *accuracy.outline_tables(peers, sizes.discs),
        accuracy.mask_table(peers, sizes.masks),
        two_readers.table(peers, sizes.tasks),
    ]
    head = (
        f"The same files through each program: {names.format(**peers.versions)}. {sizes.discs} lesions of each size, "
        f"their centres anywhere in a pixel; {sizes.masks} masks."
    )
    return "\n\n".join([head, *tables, FOOTNOTES])


def _speed(peers: Peers, sizes: Sizes) -> str:
    rows = [speed.polygon_files(peers, sizes.files, sizes.rounds)]
    return "\n".join([speed.HEAD, *rows])


def _write(page: Path, kept: str) -> None:
    text = page.read_text(encoding="utf-8")
    page.write_text(BETWEEN.sub(lambda _: f"{kept}\n\nMeasured on {describe()}.\n", text), encoding="utf-8")


if __name__ == "__main__":
    import shutil
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(PAGE, folder))
        for section in measure(SMALL, copy):
            sys.stdout.write(f"{section}\n\n---\n\n")
