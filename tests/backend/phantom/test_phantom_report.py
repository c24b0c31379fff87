from pathlib import Path

import numpy as np

from backend.phantom.bones import skeleton
from backend.phantom.findings import draw_look_alikes
from backend.phantom.patients import draw_patient, stream
from backend.phantom.preset import BENCHMARK, DEMO
from backend.phantom.report import END, START, replace_figures

DOCUMENT = Path(__file__).parents[3] / "docs/phantom.md"


def test_new_figures_replace_the_old_ones_and_nothing_else() -> None:
    assert replace_figures(f"before\n{START}old\n{END}after\n", "new\n") == f"before\n{START}new\n{END}after\n"


def test_the_documented_figures_are_those_of_the_frozen_presets() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert BENCHMARK.digest()[:12] in text
    assert DEMO.digest()[:12] in text


def test_every_kind_of_look_alike_turns_up_and_breaks_come_in_rows_of_ribs() -> None:
    patients = (draw_patient(BENCHMARK, 0, index, 0) for index in range(150))
    found = [draw_look_alikes(BENCHMARK, one, stream(BENCHMARK, 0, one.index, 4)) for one in patients]
    assert all(found)
    kinds = {finding.kind for findings in found for finding in findings}
    assert kinds == {"degeneration", "fracture", "hyperostosis", "injection", "contamination", "catheter"}
    rows = [[one for one in findings if one.kind == "fracture"] for findings in found]
    assert all(len(row) >= 2 for row in rows if row)


def test_the_skeleton_is_whole_and_symmetric() -> None:
    cloud, names = skeleton()
    assert {f"rib{number}_{side}" for number in range(1, 13) for side in "rl"} <= set(names)
    assert {f"thoracic{number}" for number in range(1, 13)} | {f"lumbar{number}" for number in range(1, 6)} <= set(
        names
    )
    assert abs(np.average(cloud.points[:, 0], weights=cloud.weight)) < 5
    assert (cloud.weight > 0).all()
