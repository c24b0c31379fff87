"""`python -m backend.jobs.steps.varied_sheet OUT.png`: varied phantoms side by side, as the networks see them.

With `--unlike` the phantoms of another make instead. Metastases are outlined red, the bladder blue.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from backend.phantom.unlike import FAMILIES, unlike
from backend.phantom.varied import varied
from backend.records import PROJECTIONS, LabelMasks, Projection, ScanImage
from backend.scans.normalise import to_grid
from converters.regions import Label

ACROSS, DOWN = 8, 3
SHRUNK = 3
COLOURS: dict[Label, tuple[int, int, int]] = {"metastasis": (214, 30, 30), "bladder": (30, 60, 214)}
GREY_STEP = 16


class _Study(Protocol):
    @property
    def scans(self) -> dict[Projection, ScanImage]: ...
    @property
    def truth(self) -> dict[Projection, LabelMasks]: ...


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m backend.jobs.steps.varied_sheet", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="index of the first study")
    parser.add_argument("--unlike", action="store_true", help="phantoms of another make")
    chosen = parser.parse_args(arguments)
    numbers = range(chosen.first, chosen.first + ACROSS * DOWN)
    studies: list[_Study] = [_study(chosen.seed, number, other=chosen.unlike) for number in numbers]
    rows = [studies[start : start + ACROSS] for start in range(0, len(studies), ACROSS)]
    sheet = np.vstack([np.hstack([_shown(study) for study in row]) for row in rows])
    Image.fromarray(sheet).save(chosen.out, optimize=True)
    return 0


def _study(seed: int, number: int, *, other: bool) -> _Study:
    return unlike(FAMILIES[number % len(FAMILIES)], seed, number) if other else varied(seed, number)


def _shown(study: _Study) -> NDArray[np.uint8]:
    """(341, 170, 3): anterior and posterior in the low window."""
    both = np.hstack([_outlined(study.scans[p], study.truth[p]) for p in PROJECTIONS])
    both[:, -1] = 160
    return both


def _outlined(scan: ScanImage, truth: LabelMasks) -> NDArray[np.uint8]:
    """Coarse grey levels: a small file."""
    grey = np.asarray(Image.fromarray(to_grid(scan).sub_images["low"]).reduce(SHRUNK))
    picture = np.repeat((grey // GREY_STEP * GREY_STEP + GREY_STEP - 1)[..., None], 3, axis=2)
    for label, colour in COLOURS.items():
        mask = np.asarray(Image.fromarray(np.where(truth[label], np.uint8(255), np.uint8(0))).reduce(SHRUNK)) > 127
        picture[binary_dilation(mask) & ~mask] = colour
    return picture


if __name__ == "__main__":
    sys.exit(main())
