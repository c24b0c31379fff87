import subprocess
import sys

import numpy as np
import torch

from backend.training.meter import Meter, peak_of_this_process


def test_the_share_of_drawing_and_the_seconds_of_a_step_are_those_of_the_phase() -> None:
    meter = Meter(torch.device("cpu"))
    assert meter.device == "cpu"
    with meter.drawing():
        sum(range(200_000))
    for _ in range(4):
        meter.step_done()
    assert 0 < meter.data_share <= 1
    assert meter.seconds_per_step > 0
    assert meter.memory_mb == peak_of_this_process()


def test_the_peak_is_the_processs_own_and_grows_with_what_it_holds() -> None:
    held = np.ones(40_000_000)
    own = peak_of_this_process()
    program = "from backend.training.meter import peak_of_this_process as peak; print(peak())"
    child = float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
    assert own > held.nbytes / 2**20
    assert 0 < child < own
