"""The comparison as a section of docs/benchmarks.md, from result files alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.measures.intervals import paired_difference
from backend.records import Figure
from tests.benchmarks.recipes import cohort as cohorts
from tests.benchmarks.recipes.scores import Row, by_patient, figures, score

HEADS = (
    "recipe", "encoder", "seed", "steps × crops", "minutes", "lesion Dice, truth", "reference",
    "bladder Dice, truth", "lesion F1, ≥ 10 px", "patients, AUC",
)  # fmt: skip


def section(results: Path, benchmark: Path) -> str:
    found = [json.loads(file.read_text()) for file in sorted(results.glob("*.json"))]
    return "\n\n".join(_parts(found, benchmark))


def _parts(found: list[dict[str, Any]], benchmark: Path) -> Iterator[str]:
    yield "## Recipes"
    yield (
        "Benchmark preset, 200 studies: trained on the references that two simulated readers and the simulated "
        "physician leave, judged on the test patients against the phantom's truth and, apart, against references. "
        "Every result file is in docs/benchmarks/recipes; the encoder, steps and crops say which budget a row had."
    )
    yield _table(HEADS, [_row(one) for one in found] + _readers(benchmark))
    if differences := list(_differences(found)):
        yield "Paired by patient on the test patients' truth, our recipe minus the study's, same budget and seed:"
        yield _table(("budget", "seed", "lesion Dice", "bladder Dice"), differences)
    shifted = [_shifted(one) for one in found if len(one["scores"]) > 1]
    if shifted:
        yield "The same models on phantoms that were changed, lesion Dice / bladder Dice against truth:"
        yield _table(("recipe", "encoder", "seed", "unchanged", *cohorts.SHIFTS[1:]), shifted)


def _row(one: dict[str, Any]) -> list[str]:
    trial, recipe = one["trial"], one["recipe"]
    truth, reference = (figures(one["scores"]["test"][kind]) for kind in ("truth", "reference"))
    return [
        trial["name"], trial["encoder"], str(trial["seed"]), f"{recipe['steps']} × {recipe['batch']}",
        f"{one['seconds'] / 60:.0f} ({one['device']})", _words(truth["metastasis"]), _words(reference["metastasis"]),
        _words(truth["bladder"]), _words(truth["f1"]), _words(truth["auc"]),
    ]  # fmt: skip


def _readers(benchmark: Path) -> list[list[str]]:
    members = cohorts.load(benchmark)
    sides = cohorts.sides(members)
    test = [one for one in members if sides[one.patient] == "test"]
    rows = []
    for reader in ("reader 0", "reader 1"):
        scores = score(test, lambda one, reader=reader: (one.by[reader], 0.5), ("truth", "reference"))
        truth, reference = figures(scores["truth"]), figures(scores["reference"])
        own = [truth["metastasis"], reference["metastasis"], truth["bladder"], truth["f1"]]
        rows.append([f"simulated {reader}, who helped to make the references", "", "", "", "", *map(_words, own), ""])
    return rows


def _differences(found: list[dict[str, Any]]) -> Iterator[list[str]]:
    by_name = {(one["trial"]["name"], one["trial"]["encoder"], one["trial"]["seed"]): one for one in found}
    for (name, encoder, seed), one in by_name.items():
        budget = name.split()[-1]
        other = by_name.get((f"study {budget}", encoder, seed))
        if other and not name.startswith("study"):
            ours, theirs = (side["scores"]["test"]["truth"] for side in (one, other))
            yield [f"{name}, {encoder}", str(seed), *(_paired(ours, theirs, letter) for letter in "mb")]


def _paired(ours: list[Row], theirs: list[Row], letter: str) -> str:
    return _words(paired_difference(by_patient(ours, letter), by_patient(theirs, letter)), sign="+")


def _shifted(one: dict[str, Any]) -> list[str]:
    trial = one["trial"]
    cells = []
    for name in ("test", *cohorts.SHIFTS[1:]):
        own = figures(one["scores"][name]["truth"]) if name in one["scores"] else None
        cells.append(f"{own['metastasis'].value:.3f} / {own['bladder'].value:.3f}" if own else "")
    return [trial["name"], trial["encoder"], str(trial["seed"]), *cells]


def _words(figure: Figure, sign: str = "") -> str:
    if figure.value is None:
        return "–"
    interval = f" [{figure.low:{sign}.3f}, {figure.high:{sign}.3f}]" if figure.low is not None else ""
    return f"{figure.value:{sign}.3f}{interval}"


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
