"""`python -m backend.phantom.report`: makes the tables and pictures of docs/phantom.md anew.

With `--real FILE` it instead puts a phantom beside a real scan, for one's own eyes: no real scan is part of this
project.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from backend.phantom.cohort import PhantomProjection, PhantomStudy, cohort, generate
from backend.phantom.figures import CohortFigures, measure
from backend.phantom.preset import BENCHMARK, BENCHMARK_SEED, BENCHMARK_STUDIES, DEMO
from backend.phantom.readers import read
from backend.records import SubImage
from converters.grid import GRID_ROWS, GRID_SHAPE
from converters.rasterise import draw

START, END = "<!-- figures: made by python -m backend.phantom.report -->\n", "<!-- end of figures -->\n"
SHOWN = (1, 3, 5)
WHITE = 255
SHOWN_ROWS, GREY_STEP = 920, 16
COLOURS = {"lesion": (214, 30, 30), "bladder": (30, 60, 214), "benign": (20, 150, 60), "reader": (214, 130, 0)}
GREY_PERCENTILE = 98.5


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m backend.phantom.report", description=__doc__)
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of phantom.md and pictures/")
    parser.add_argument("--studies", type=int, default=BENCHMARK_STUDIES)
    parser.add_argument("--seed", type=int, default=BENCHMARK_SEED)
    parser.add_argument("--real", type=Path, help="a DICOM whole-body scan to put beside a phantom")
    parser.add_argument("--out", type=Path, default=Path("side-by-side.png"), help="where that picture goes")
    chosen = parser.parse_args(arguments)
    if chosen.real:
        side_by_side(chosen.real, chosen.out, chosen.seed)
        sys.stdout.write(f"{chosen.out}\n")
        return 0
    (chosen.docs / "pictures").mkdir(parents=True, exist_ok=True)
    studies = [generate(BENCHMARK, chosen.seed, index) for index in SHOWN]
    _save(np.hstack([_plain(study) for study in studies]), chosen.docs / "pictures/phantom.png")
    _save(np.hstack([_marked(study, chosen.seed) for study in studies]), chosen.docs / "pictures/phantom_truth.png")
    figures = [measure(cohort(preset, chosen.studies, chosen.seed), chosen.seed) for preset in (BENCHMARK, DEMO)]
    document = chosen.docs / "phantom.md"
    document.write_text(replace_figures(document.read_text("utf-8"), table(*figures)), "utf-8")
    return 0


def replace_figures(document: str, text: str) -> str:
    """The document with everything between the two marks replaced."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{text}{END}{after}"


def table(benchmark: CohortFigures, demo: CohortFigures) -> str:
    """Markdown: each figure, what is wanted of it, and both presets' values."""
    rows = [
        ("figure", "wanted", f"benchmark `{BENCHMARK.digest()[:12]}`", f"demo `{DEMO.digest()[:12]}`"),
        ("---", "---", "---", "---"),
        *((label, wanted, form(benchmark), form(demo)) for label, wanted, form in _LINES),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _percentiles(figures: CohortFigures) -> str:
    return " / ".join(f"{value:.0f}" for value in figures.percentiles)


_LINES = (
    ("studies (patients)", "", lambda f: f"{f.studies} ({f.patients})"),
    ("million counts per projection", "0.36–0.68", lambda f: f"{f.counts_million:.2f}"),
    ("non-zero pixels, percentiles 50 / 90 / 99 / 99.9 (median)", "4 / 15 / 30 / 40–180", _percentiles),
    ("Fano factor about the expected counts", "1.03–1.05", lambda f: f"{f.fano:.3f}"),
    ("hottest bladder to everything else, 99th percentiles", "up to 10", lambda f: f"{f.bladder_to_bone:.1f}"),
    ("patients with metastases", "45 %", lambda f: f"{100 * f.positive_share:.0f} %"),
    ("lesions seen per study with metastases", "about 4.5", lambda f: f"{f.lesions_per_positive_study:.1f}"),
    ("lesions (8-connected) under 30 pixels", "≥ 25 % (benchmark)", lambda f: f"{100 * f.small_lesion_share:.0f} %"),
    ("look-alikes seen per study", "≥ 1", lambda f: f"{f.look_alikes_per_study:.1f}"),
    ("readers' lesion Dice with each other", "0.60–0.75 (benchmark)", lambda f: f"{f.reader_dice_metastasis:.2f}"),
    ("readers' bladder Dice with each other", "", lambda f: f"{f.reader_dice_bladder:.2f}"),
    ("readers' lesion Dice with the truth", "", lambda f: f"{f.truth_dice_metastasis:.2f}"),
    ("best single grey-level threshold, lesion Dice", "≤ 0.45 (benchmark)", lambda f: f"{f.threshold_dice:.2f}"),
)  # fmt: skip


def side_by_side(real: Path, out: Path, seed: int) -> None:
    """A real scan's frames, cut or padded to 1024 rows, left of a phantom's two projections."""
    frames = np.atleast_3d(pydicom.dcmread(real).pixel_array.astype(np.float64))
    frames = frames.transpose(2, 0, 1) if frames.shape[-1] == 1 else frames
    shown = [np.pad(frame[:GRID_ROWS], ((0, max(0, GRID_ROWS - frame.shape[0])), (0, 0))) for frame in frames]
    study = generate(BENCHMARK, seed, SHOWN[0])
    _save(np.hstack([*(_grey(frame) for frame in shown), _plain(study)]), out)


def _grey(counts: NDArray[np.float64]) -> SubImage:
    upper = max(float(np.percentile(counts[counts > 0], GREY_PERCENTILE)), 1.0)
    inverted = WHITE - WHITE * np.clip(counts / upper, 0, 1)
    return np.repeat(inverted[..., None].astype(np.uint8), 3, axis=2)


def _plain(study: PhantomStudy) -> SubImage:
    return np.hstack([_grey(image.counts.astype(np.float64)) for image in study.projections.values()])


def _marked(study: PhantomStudy, seed: int) -> SubImage:
    """Outlines of truth and look-alikes, and what the first reader drew."""
    reading = read(study, 0, seed)
    pictures = []
    for projection, image in study.projections.items():
        picture = _grey(image.counts.astype(np.float64))
        drawn = draw(reading[projection], GRID_SHAPE).masks["metastasis"]
        for mask, colour in (*_truth_marks(image), (drawn, COLOURS["reader"])):
            picture[binary_dilation(mask, iterations=2) & ~mask] = colour
        pictures.append(picture)
    return np.hstack(pictures)


def _truth_marks(image: PhantomProjection) -> list[tuple[NDArray[np.bool_], tuple[int, int, int]]]:
    benign = [(mask, COLOURS["benign"]) for mask in image.look_alikes]
    return [*benign, (image.truth["bladder"], COLOURS["bladder"]), (image.truth["metastasis"], COLOURS["lesion"])]


def _save(picture: SubImage, path: Path) -> None:
    coarse = picture[:SHOWN_ROWS] // GREY_STEP * GREY_STEP + GREY_STEP - 1
    Image.fromarray(coarse).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
