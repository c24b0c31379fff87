"""Readings → agreement: measures what is new, by many processes, and says how readings agree over the project."""

from collections.abc import Callable
from typing import Any

from backend.agreement import report
from backend.agreement.exposure import exposure_report
from backend.agreement.keep import keep_all
from backend.agreement.project import project_figures
from backend.jobs.steps import agree
from backend.settings import Settings


def agreement(
    settings: Settings,
    *,
    exposure: bool = False,
    processes: int | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The document of `scintiloop agreement`; settles what agrees.

    Args:
        exposure: also compare assisted with blind readings (`by_exposure`, `exposure`).
        processes: how many measure; one for each core where None.
        advance: called with (measured, of all).
    """
    # by many processes first, so that settling finds the pairs measured; then against the references it makes
    keep_all(settings, processes=processes, advance=advance)
    agree.settle(settings)
    found = report.measured_all(settings, processes=processes, advance=advance)
    document = report.report(found, settings.agreement_rules.version) | {"project": project_figures(found)}
    if exposure:
        document |= {"by_exposure": report.by_exposure(document["pairs"]), "exposure": exposure_report(found)}
    return document
