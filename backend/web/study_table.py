"""The table of studies: which are asked for, which page of them, and what is said of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from backend.agreement.material import Compared, Material, Study
from backend.agreement.report import standing_of
from backend.agreement.studies import study_agreement
from backend.web.standing import StudyStanding

PAGE = 50


def _any(*statuses: str) -> Callable[[StudyStanding], bool]:
    return lambda one: any(status in statuses for status in one.projections.values())


STATES: dict[str, Callable[[StudyStanding], bool]] = {
    "all": lambda one: True,
    "read": lambda one: all(sealed > 1 for sealed in one.sealed.values()),
    "waiting": _any("waiting"),
    "disputed": _any("adjudicate"),
    "settled": _any("agreed", "adjudicated"),
    "excluded": _any("excluded"),
    "new": lambda one: one.new,
}
"""Studies of which a projection stands so; `read`: both readings of every projection are sealed; `new` since the
champion's dataset version."""


@dataclass(frozen=True)
class Page:
    """Some of the studies asked for, newest first; `number` counts from 1."""

    studies: Sequence[StudyStanding]
    number: int
    pages: int
    total: int


def counts(studies: Sequence[StudyStanding]) -> dict[str, int]:
    """How many studies each state has."""
    return {name: sum(map(holds, studies)) for name, holds in STATES.items()}


def chosen(studies: Sequence[StudyStanding], state: str, part: str) -> list[StudyStanding]:
    """Those of a state whose token holds `part`, newest first."""
    holds = STATES[state]
    return [one for one in reversed(studies) if part.lower() in one.token.lower() and holds(one)]


def page_of(studies: Sequence[StudyStanding], wanted: str) -> Page:
    """The page of that number; the first or last where it is none."""
    pages = max(1, -(-len(studies) // PAGE))
    number = min(max(1, int(wanted) if wanted.isascii() and wanted.isdigit() else 1), pages)
    return Page(studies[(number - 1) * PAGE : number * PAGE], number, pages, len(studies))


def details(found: Material, study: Study) -> dict[str, Any]:
    """The agreement of the two readings that make a study's references, in no order and without names.

    Returns:
        `study`: as `agreement_of`, None before a projection has two readings that can be compared; `projections`:
        {name: {`status`, `reasons`, `agreement`}}.
    """
    deciding = [one for one in found.pairs(study) if one.deciding]
    by_image = {one.image.image_id: one for one in deciding}
    whole = study_agreement(deciding)
    return {
        "study": _unordered(whole[0]) if whole else None,
        "projections": {
            image.projection: standing_of(image, by_image.get(image.image_id))
            | {"agreement": _of_projection(by_image.get(image.image_id))}
            for image in study
        },
    }


def _of_projection(one: Compared | None) -> dict[str, Any] | None:
    if one is None:
        return None
    measures = one.measures
    calls = measures["patient_call"]
    bstbi = [
        None if measures[side] is None else measures[side] / measures["sub_images"] for side in ("bstbi_a", "bstbi_b")
    ]
    return _unordered(measures | {"patient_call_differs": calls[0] != calls[1], "bstbi": bstbi})


def _unordered(one: dict[str, Any]) -> dict[str, Any]:
    """What can be said without telling one reading from the other."""
    lesions, (first, second) = one["lesions"], one["bstbi"]
    return {
        "labels": one["labels"],
        "matched": lesions["matched"],
        "one_alone": sum(lesions["only"]),
        "split": lesions["split"] + lesions["merged"],
        "label_swapped": one["label_swapped"],
        "calls_differ": one["patient_call_differs"],
        "bstbi_change": None if first is None or second is None else abs(first - second),
    }
