"""What a figure was measured on."""

import os
import platform
import sys
from datetime import date
from pathlib import Path

import psutil

from backend import __version__


def describe() -> str:
    """Processor, cores, memory, system, Python, version of the code and the day."""
    gib = psutil.virtual_memory().total / 2**30
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"{_processor()}, {os.cpu_count()} cores, {gib:.0f} GiB, {platform.system()}, Python {python}, "
        f"Scintiloop {__version__}, {date.today().isoformat()}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
