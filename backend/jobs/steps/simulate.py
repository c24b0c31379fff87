"""Phantom studies as files: what a scanner and two readers would have left in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.errors import ServiceError
from backend.scans.windows import render

if TYPE_CHECKING:
    from backend.phantom.cohort import PhantomStudy


def write_phantom(
    directory: Path,
    preset: str,
    studies: int,
    seed: int,
    *,
    readers: int = 2,
    written: "Callable[[PhantomStudy], None] | None" = None,
) -> dict[str, Any]:
    """Writes a cohort into a new folder; returns the summary of `phantom.files.write_cohort`.

    Args:
        preset: `demo` or `benchmark`.
        written: called with each study once its files are there.

    Raises:
        ServiceError: the extra `phantom` is not installed.
        InputError: the folder holds something already.
    """
    try:
        from backend.phantom import files, preset as presets  # noqa: I001, PLC0415 (an extra)
    except ImportError as error:
        raise ServiceError(
            f"phantom studies need the extra: pip install 'scintiloop[phantom]' ({error.name} is missing)"
        ) from None
    chosen = {"demo": presets.DEMO, "benchmark": presets.BENCHMARK}[preset]
    order = files.Order(chosen, studies, seed, readers)
    return files.write_cohort(directory, order, render, written)
