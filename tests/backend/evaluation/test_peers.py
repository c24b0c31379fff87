"""Borders as MONAI measures them, free response as picai_eval does."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from backend.evaluation.candidates import candidates
from backend.measures.free_response import FreeResponse
from backend.measures.lesions import match
from backend.measures.surface import surface_distances
from backend.records import LabelMasks, Prediction
from tests.backend.evaluation.peers.made_up import CASES, SHAPE, case

ROOT = Path(__file__).parents[3]
PEERS = Path(__file__).parent / "peers"
MONAI = ROOT / ".venv-monai" / "bin" / "python"
PICAI_EVAL = ROOT / ".venv-peers" / "bin" / "python"
RECORDED = json.loads((PEERS / "recorded_monai.json").read_text(encoding="utf-8"))


def _measured_alike(said: dict[str, Any]) -> None:
    assert len(said["cases"]) == CASES
    for number, (hd95, surface_dice) in enumerate(said["cases"]):
        found = surface_distances(*case(number), 1.0)
        assert found
        assert found.hd95 == pytest.approx(hd95, rel=1e-5)
        assert found.surface_dice == pytest.approx(surface_dice, rel=1e-5)


def test_borders_are_measured_as_monai_did_when_it_was_asked() -> None:
    assert RECORDED["monai"] == "1.6.1"
    assert len({tuple(one) for one in RECORDED["cases"]}) > CASES / 2
    _measured_alike(RECORDED)


if MONAI.exists():  # the environment of the benchmarks, which tests do not make

    def test_borders_are_measured_as_monai_does_now() -> None:
        ended = subprocess.run([MONAI, PEERS / "with_monai.py"], capture_output=True, text=True, check=True)
        _measured_alike(json.loads(ended.stdout))


def test_the_free_response_curve_is_picai_evals(tmp_path: Path) -> None:
    if not list(ROOT.glob(".venv-peers/lib/python3*/site-packages/picai_eval")):
        pytest.skip("picai_eval is not installed in .venv-peers (scripts/set-up peers)")
    maps = [_detection_map(number) for number in range(CASES)]
    truths = [case(number)[0] for number in range(CASES)]
    np.savez(tmp_path / "maps.npz", found=np.array(maps, np.float32), truth=np.array(truths))
    command = [PICAI_EVAL, PEERS / "with_picai_eval.py", tmp_path / "maps.npz"]
    theirs = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ours = _curve(maps, truths)
    assert ours.lesions.sum() == theirs["lesions"]
    assert len(theirs["points"]) > 10
    assert ours.points() == [pytest.approx(point, abs=1e-5) for point in theirs["points"]]


def _detection_map(number: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Every region of the second mask at a confidence of its own."""
    labels, count = ndimage.label(case(number)[1], np.ones((3, 3)))
    confidence = np.random.default_rng(number).integers(50, 100, count + 1) / 100
    confidence[0] = 0
    return confidence[labels].astype(np.float32)


def _curve(maps: list[Any], truths: list[Any]) -> FreeResponse:
    """By way of the candidates that a score is made with."""
    found, lesions = {}, {}
    nothing = np.zeros(SHAPE, bool)
    for number, (confidence, truth) in enumerate(zip(maps, truths, strict=True)):
        masks = LabelMasks(confidence > 0, nothing)
        said = Prediction("v1", masks, (), {"metastasis": confidence, "bladder": np.zeros_like(confidence)}, {})
        matched = match(masks.metastasis, truth)
        rows = candidates(said, LabelMasks(truth, nothing), matched, lambda mean, _: mean)["outlined"]
        found[f"{number:02}"] = [(value, bool(true)) for _, value, true in rows]
        lesions[f"{number:02}"] = len(matched.sizes_b) - 1
    return FreeResponse.of(found, lesions, dict.fromkeys(found, 1))
