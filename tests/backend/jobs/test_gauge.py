"""What a training takes of its machine, read from outside."""

import subprocess
import sys
import time

from backend.jobs.gauge import Gauge, gpus_of

BUSY_WITH_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "held = bytearray(60_000_000); input()"], stdin=subprocess.PIPE)
print("ready", flush=True)
while True: pass
"""


def test_the_processor_and_memory_of_a_process_and_its_children_are_counted() -> None:
    process = subprocess.Popen([sys.executable, "-c", BUSY_WITH_A_CHILD], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    gauge = Gauge(process.pid)
    gauge.read()
    time.sleep(0.5)
    use = gauge.read()
    process.kill()
    process.wait()
    assert use["processors"] > 0
    assert use["memory_mb"] > 60
    assert use["of"] >= 1


def test_a_process_that_is_gone_uses_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    gauge = Gauge(process.pid)
    process.wait()
    use = gauge.read()
    assert (use["processors"], use["memory_mb"]) == (0, 0)


def test_what_nvidia_smi_tells_is_understood_also_where_it_does_not_know() -> None:
    told = "0, 83, 12100, 81559\n1, [N/A], 5, 81559\nsomething else\n"
    assert gpus_of(told) == [
        {"number": 0, "use": 0.83, "memory_mb": 12100, "of_mb": 81559},
        {"number": 1, "use": None, "memory_mb": 5, "of_mb": 81559},
    ]
    assert gpus_of("NVIDIA-SMI has failed") == []
