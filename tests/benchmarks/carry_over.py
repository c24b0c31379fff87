"""`python -m tests.benchmarks.carry_over MODEL.safetensors`: how far a model carries to phantoms that it never saw.

The families of another make, varied studies of another seed and the benchmark cohort, each by patient with interval.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.measures.intervals import bootstrap, bootstrap_mean
from backend.measures.lesions import false_lesions, match
from backend.measures.overlap import dice
from backend.model.inference import Predictor
from backend.model.weights import read_model
from backend.phantom.cohort import generate
from backend.phantom.preset import BENCHMARK
from backend.phantom.unlike import FAMILIES, unlike
from backend.phantom.unseen import unseen
from backend.phantom.varied import varied
from backend.records import LabelMasks, SubImage, Window
from backend.scans.normalise import to_grid
from backend.scans.windows import render

HELD_OUT_SEED = 777
"""No model is pretrained on the varied studies of this seed."""
SETS = (*FAMILIES, "varied", "benchmark")

Case = tuple[dict[Window, SubImage], LabelMasks]


@dataclass
class _Tally:
    lesion: dict[str, list[float | None]] = field(default_factory=dict)
    bladder: dict[str, list[float | None]] = field(default_factory=dict)
    found: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    """Per projection: lesions matched, missed, false."""

    def add(self, patient: str, said: LabelMasks, truth: LabelMasks, lost: NDArray[np.bool_]) -> None:
        ours = said.metastasis & ~lost
        if truth.metastasis.any():
            self.lesion.setdefault(patient, []).append(dice(ours, truth.metastasis))
        if truth.bladder.any():
            self.bladder.setdefault(patient, []).append(dice(said.bladder, truth.bladder))
        pairs = match(ours, truth.metastasis)
        row = (float(len(pairs.matched)), float(len(pairs.only_b)), float(len(false_lesions(pairs, lost))))
        self.found.setdefault(patient, []).append(row)

    def to_json(self) -> dict[str, object]:
        return {
            "lesion_dice": bootstrap_mean(self.lesion).to_json(),
            "bladder_dice": bootstrap_mean(self.bladder).to_json(),
            "lesion_f1": bootstrap(self.found, _f1).to_json(),
        }


def _f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where there is neither a lesion nor a false one."""
    together = 2 * sums[..., 0] + sums[..., 1] + sums[..., 2]
    return np.asarray(2 * sums[..., 0] / np.where(together == 0, np.nan, together))


def cases(name: str, index: int) -> Iterator[Case]:
    """Both projections of one study as a network gets them, with the truth."""
    if name == "benchmark":
        for image in generate(BENCHMARK, HELD_OUT_SEED, index).projections.values():
            yield render(image.counts.astype(np.float32)), LabelMasks(image.truth["metastasis"], image.truth["bladder"])
        return
    study = varied(HELD_OUT_SEED, index) if name == "varied" else unlike(name, HELD_OUT_SEED, index)  # type: ignore[arg-type]
    for projection, scan in study.scans.items():
        yield to_grid(scan).sub_images, study.truth[projection]


def measure(predictor: Predictor, name: str, studies: int) -> dict[str, object]:
    """Figures of one set, by patient."""
    tally = _Tally()
    for index in range(studies):
        for sub_images, truth in cases(name, index):
            lost = unseen(sub_images, truth.metastasis)
            shown = LabelMasks(truth.metastasis & ~lost, truth.bladder)
            tally.add(str(index), predictor.predict(sub_images, outlines=False).masks, shown, lost)
    return tally.to_json()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.carry_over", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--studies", type=int, default=40, help="of each set")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    chosen = parser.parse_args(arguments)
    model = read_model(chosen.model)
    predictor = Predictor.load(model.weights, model.card, chosen.model.stem)
    for name in chosen.sets:
        sys.stdout.write(
            json.dumps({"set": name, "studies": chosen.studies, **measure(predictor, name, chosen.studies)}) + "\n"
        )
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
