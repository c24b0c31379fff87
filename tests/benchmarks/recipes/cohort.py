"""Benchmark cohorts with truth, two blind readings and the reference that the physician leaves, kept on disk.

Nothing here needs a home: the simulated readers read without suggestions, and the room's own rules make the references.
"""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from backend.adjudication.decide import resolve
from backend.adjudication.findings import findings
from backend.datasets.split import PatientCase, patient_split
from backend.phantom import cohort as phantom
from backend.phantom.adjudicator import decide
from backend.phantom.body import Build
from backend.phantom.patients import schedule
from backend.phantom.preset import BENCHMARK, Preset
from backend.phantom.readers import read
from backend.records import PROJECTIONS, AgreementRules, LabelMasks, ScanImage, Split
from backend.scans.normalise import to_grid
from backend.training.sampling import Sample, codes_of
from converters.grid import GRID_SHAPE
from converters.rasterise import draw

TEST_SHARE = 0.2
RULES = AgreementRules()
SHIFTS = ("benchmark", "low-counts", "large-pixels", "other-bodies")
"""The benchmark preset, and the same with a third of the counts, pixels 1.4 times as wide, or bodies unlike its own."""
LARGER = 1.4
KINDS = ("truth", "reference", "reader 0", "reader 1")


@dataclass(frozen=True, eq=False)
class Projected:
    """One projection of a cohort; `by` holds masks by `KINDS`."""

    patient: str
    study: str
    projection: str
    positive: bool
    sub_images: dict[str, NDArray[np.uint8]]
    by: dict[str, LabelMasks]

    def sample(self, kind: str = "reference") -> Sample:
        return Sample(self.sub_images, self.by[kind], self.patient)


def make(shift: str, studies: int, seed: int, folder: Path, pool: Executor) -> None:
    """Writes a cohort, one of `SHIFTS`, unless it is there: one file a study."""
    folder.mkdir(parents=True, exist_ok=True)
    preset = replace(BENCHMARK, counts=(0.12, 0.227)) if shift == "low-counts" else BENCHMARK
    wanted = [(folder / f"{number:04d}.npz", place) for number, place in enumerate(schedule(preset, studies, seed))]
    orders = [(shift, preset, seed, place, file) for file, place in wanted if not file.exists()]
    list(pool.map(_make_one, orders))


def _shifted(shift: str) -> ExitStack:
    """What the preset does not say, changed while one study is made."""
    changed = ExitStack()
    if shift == "large-pixels":
        larger = {site: size * LARGER for site, size in phantom.PIXEL_MM.items()}
        changed.enter_context(patch.object(phantom, "PIXEL_MM", larger))
    if shift == "other-bodies":
        changed.enter_context(patch.object(phantom, "draw_build", _other_build))
    return changed


def _other_build(rng: np.random.Generator, sex: str) -> Build:
    """Short and broad or tall and thin, sooner than the preset's."""
    height = rng.choice((0.86, 1.1)) * rng.normal(1.0, 0.02)
    girth = rng.uniform(1.3, 1.5) if height < 1 else rng.uniform(0.8, 0.9)
    return Build(height * rng.choice((0.88, 1.12)), height * rng.choice((0.88, 1.12)), height, float(girth))


def _make_one(order: tuple[str, Preset, int, tuple[int, int], Path]) -> None:
    shift, preset, seed, (patient, visit), file = order
    with _shifted(shift):
        study = phantom.generate(preset, seed, patient, visit)
    readings = [read(study, reader, seed) for reader in range(2)]
    images, codes = [], []
    for projection in PROJECTIONS:
        shown = study.projections[projection]
        truth = LabelMasks(shown.truth["metastasis"], shown.truth["bladder"])
        own = [_masks(reading[projection]) for reading in readings]
        found = findings(own[0], own[1], RULES)
        reference = resolve(found, decide(truth, found.disputes), truth.metastasis)
        grid = to_grid(_scan(study, projection))
        images.append(np.stack([grid.sub_images["low"], grid.sub_images["high"]]))
        codes.append(np.stack([codes_of(masks) for masks in (truth, reference, *own)]))
    visit_ = study.visit
    about = {"patient": visit_.patient, "study": visit_.study, "positive": bool(visit_.metastasis)}
    np.savez_compressed(file, images=np.stack(images), codes=np.stack(codes), about=json.dumps(about))


def load(folder: Path) -> list[Projected]:
    return [one for file in sorted(folder.glob("*.npz")) for one in _load_one(file)]


def sides(cohort: list[Projected]) -> dict[str, Split]:
    """Patient → side, as a home decides it: a keyed hash sequesters, buckets of lesion pixels choose validation."""
    first: dict[str, str] = {}
    pixels: dict[str, int] = {}
    for one in cohort:
        if first.setdefault(one.patient, one.study) == one.study:
            pixels[one.patient] = pixels.get(one.patient, 0) + int(one.by["reference"].metastasis.sum())
    positive = {one.patient: one.positive for one in cohort}
    cases = []
    for patient in first:
        digest = hashlib.sha256(f"recipes {patient}".encode()).hexdigest()
        test: Split | None = "test" if int(digest[:8], 16) / 16**8 < TEST_SHARE else None
        cases.append(PatientCase(patient, digest, pixels[patient], positive[patient], test))
    return patient_split(cases)


def _scan(study: phantom.PhantomStudy, projection: str) -> ScanImage:
    shown = study.projections[projection]  # type: ignore[index]
    return ScanImage(study.visit, projection, shown.counts.astype(np.float32), {}, shown.pixel_mm, "")  # type: ignore[arg-type]


def _masks(regions: object) -> LabelMasks:
    drawn = draw(regions, GRID_SHAPE).masks  # type: ignore[arg-type]
    return LabelMasks(drawn["metastasis"] & ~drawn["bladder"], drawn["bladder"])


def _load_one(file: Path) -> Iterator[Projected]:
    with np.load(file, allow_pickle=False) as content:
        images, codes, about = content["images"], content["codes"], json.loads(str(content["about"]))
    for index, projection in enumerate(PROJECTIONS):
        by = {
            kind: LabelMasks(*(code == number for number in (1, 2, 3)))
            for kind, code in zip(KINDS, codes[index], strict=True)
        }
        shown = {"low": images[index, 0], "high": images[index, 1]}
        yield Projected(about["patient"], about["study"], projection, about["positive"], shown, by)
