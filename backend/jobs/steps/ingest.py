"""Scan files → studies on the normalised grid, each stored once."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from backend.errors import ServiceError
from backend.jobs.dispatch import dispatch
from backend.scans.gather import gather
from backend.scans.register import RegisteredStudy, register
from backend.settings import Settings

Advance = Callable[[int, int], None]
"""Called with (images read, of all)."""


def ingest(
    settings: Settings, paths: Iterable[Path], studies_csv: Path | None = None, advance: Advance | None = None
) -> dict[str, Any]:
    """Brings files into the home; what is known already changes nothing.

    Returns:
        `{"studies": [{"patient", "study", "token", "projections", "status"}], "errors": [{"file", "error"}]}`.
    """
    studies: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for result in register(settings, gather(list(paths), studies_csv, settings, advance)):
        if isinstance(result, RegisteredStudy):
            studies.append(result.to_json())
        else:
            errors.append({"file": result.source or "", "error": str(result)})
    return {"studies": studies, "errors": errors}


def announce_new(settings: Settings, document: dict[str, Any]) -> None:
    """Has what `ingest` brought put on the worklists at once; without a broker, reconciliation will find it later."""
    if all(study["status"] == "unchanged" for study in document["studies"]):
        return
    try:
        dispatch(settings, "publish")
    except ServiceError:
        return
