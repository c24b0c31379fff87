"""What is compared, in the order in which it is run; `python -m tests.benchmarks.recipes [NAME…]`.

A trial whose result file is there is not run again, so a broken comparison goes on, and a slow machine may do a part.
"""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from backend.model.day_one import FOLDER as DAY_ONE
from backend.model.networks import CPU_ENCODER, GPU_ENCODER
from tests.benchmarks.recipes import cohort as cohorts
from tests.benchmarks.recipes.run import Trial, run
from tests.benchmarks.recipes.table import section

RESULTS = Path(__file__).parents[3] / "docs" / "benchmarks" / "recipes"
WORK = Path(__file__).parents[3] / ".scintiloop" / "recipes"
STUDIES, DEVELOPMENT, SHIFTED = 200, 60, 60
LONG = {"batch": 16, "steps": 3000, "classifier_steps": 600, "evaluate_steps": 250}
"""Steps at which both recipes have levelled off: for a machine with a GPU."""
SHORT = {"steps": 200, "classifier_steps": 40, "evaluate_steps": 50}
"""What a retraining without a GPU does."""
BUDGETS = {"short": SHORT, "long": LONG}


def trials() -> Iterator[Trial]:
    start = str(DAY_ONE / f"{CPU_ENCODER}.safetensors")
    for seed in range(3):
        for budget, numbers in BUDGETS.items():
            for name, changes, begin in (
                ("study", {"study": True}, None),
                ("default", {}, None),
                ("default from day one", {}, start),
            ):
                yield Trial(
                    f"{name} {budget}", seed, CPU_ENCODER, changes | numbers, begin, judge_on=cohorts.SHIFTS[1:]
                )
    yield Trial("day one", 0, CPU_ENCODER, {"untouched": True}, start, judge_on=cohorts.SHIFTS[1:])
    for name, changes in (("study", {"study": True}), ("default", {})):
        yield Trial(f"{name} long", 0, GPU_ENCODER, changes | LONG, judge_on=cohorts.SHIFTS[1:])


def make_cohorts(data: Path) -> None:
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        cohorts.make("benchmark", STUDIES, 0, data / "benchmark", pool)
        for shift in cohorts.SHIFTS[1:]:
            cohorts.make(shift, SHIFTED, 2, data / shift, pool)


def measure() -> Iterator[str]:
    """Runs what has no result yet; yields the section of docs/benchmarks.md so far."""
    yield from _run(list(trials()))


def chosen(names: set[str]) -> Iterator[str]:
    """Runs the trials of these names with their seed, `study short 0`; all without a name."""
    yield from _run([trial for trial in trials() if not names or f"{trial.name} {trial.seed}" in names])


def _run(wanted: list[Trial]) -> Iterator[str]:
    data, work = WORK / "data", WORK / "runs"
    for folder in (RESULTS, work):
        folder.mkdir(parents=True, exist_ok=True)
    make_cohorts(data)
    for trial in wanted:
        run(trial, data, RESULTS, work)
        yield section(RESULTS, data / "benchmark")
