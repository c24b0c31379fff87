"""What a training takes of its machine, seen from outside: processors, memory, GPUs."""

import os
import shutil
import subprocess
from contextlib import suppress
from typing import Any

import psutil

ASKED_OF_GPUS = ("index", "utilization.gpu", "memory.used", "memory.total")
GPU_SECONDS = 5.0


class Gauge:
    """Reads what a process and its children use; `processors` counts since the reading before."""

    def __init__(self, pid: int) -> None:
        self._known: dict[int, psutil.Process] = {}
        self._pid = pid
        self._smi = shutil.which("nvidia-smi")

    def read(self) -> dict[str, Any]:
        """`processors` in use of `of`, resident `memory_mb` and, where there are any, the machine's `gpus`."""
        family = self._family()
        shares, memory = 0.0, 0
        for process in family:
            with suppress(psutil.Error):
                shares += process.cpu_percent() / 100
                memory += process.memory_info().rss
        use = {"processors": round(shares, 2), "of": os.cpu_count(), "memory_mb": round(memory / 1e6)}
        return use | ({"gpus": gpus} if self._smi and (gpus := _ask(self._smi)) else {})

    def _family(self) -> list[psutil.Process]:
        """The process and its children, known ones as they were: a share of the processor needs two readings."""
        try:
            head = psutil.Process(self._pid)
            found = [head, *head.children(recursive=True)]
        except psutil.Error:
            found = []
        self._known = {one.pid: self._known.get(one.pid, one) for one in found}
        return list(self._known.values())


def _ask(program: str) -> list[dict[str, float | None]]:
    command = [program, f"--query-gpu={','.join(ASKED_OF_GPUS)}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=GPU_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return gpus_of(told)


def gpus_of(told: str) -> list[dict[str, float | None]]:
    """Each GPU's number, `use` in [0, 1], `memory_mb` of `of_mb`, from what nvidia-smi tells; None for what it does
    not know."""
    rows = [[_number(cell) for cell in line.split(",")] for line in told.splitlines() if line.count(",") == 3]
    return [
        {"number": number, "use": None if use is None else use / 100, "memory_mb": memory, "of_mb": total}
        for number, use, memory, total in rows
    ]


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
