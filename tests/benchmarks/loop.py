"""The demo over several seeds: how long it takes, and whether more references make the better model."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEEDS = (7, 8, 9, 10, 11)
LIMIT_SECONDS = 3600


HEADS = ("seed", "demo, s", "studies", "test projections with lesions", "lesion Dice, it came with",
         "lesion Dice, first model", "lesion Dice, second model", "second − first [95 %]", "bladder Dice, second",
         "gate")  # fmt: skip
NONE = "–"


def measure() -> Iterator[str]:
    """Runs `scintiloop demo --no-serve` once per seed, each in a home of its own; yields the section so far."""
    rows: list[dict[str, Any]] = []
    for seed in SEEDS:
        rows.append(_row(seed, _demo(seed)))
        yield _section(rows)


def _section(rows: list[dict[str, Any]]) -> str:
    wins = sum(row["difference"] > 0 for row in rows)
    lines = [" | ".join(HEADS), " | ".join("---" for _ in HEADS), *(" | ".join(row["cells"]) for row in rows)]
    table = "\n".join(f"| {line} |" for line in lines)
    return (
        "## The loop\n\n`make demo ARGS=--no-serve` with its default size: the first model learns from a third of the "
        "studies' references, the second from all, for the same number of steps from the same start, the model that "
        "comes with Scintiloop; all are judged on the same frozen test patients. The second model's lesion Dice is "
        f"higher than the first's in {wins} of {len(rows)} seeds.\n\n{table}"
    )


def _demo(seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"SCINTILOOP_HOME": str(Path(folder) / "home")}
        command = [Path(sys.executable).with_name("scintiloop"), "demo", "--no-serve", "--json", "--seed", str(seed)]
        done = subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS
        )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _row(seed: int, demo: dict[str, Any]) -> dict[str, Any]:
    by_round = {one["round"]: one["dice"] for one in demo["compared"]}
    lesion, bladder = by_round[1]["metastasis"], by_round[1]["bladder"]
    first, second, interval = lesion["champion"], lesion["challenger"], lesion["difference"]
    came_along = by_round[0]["metastasis"]["champion"] if 0 in by_round else None
    difference = second["value"] - first["value"]
    cells = (
        str(seed),
        f"{demo['seconds']:.0f}",
        str(demo["studies"]),
        str(second["n"]),
        f"{came_along['value']:.3f}" if came_along else NONE,
        f"{first['value']:.3f}",
        f"{second['value']:.3f}",
        f"{difference:+.3f} [{interval['low']:+.3f}, {interval['high']:+.3f}]",
        f"{bladder['challenger']['value']:.3f}",
        demo["rounds"][-1]["run"]["verdict"],
    )
    return {"difference": difference, "cells": cells}
