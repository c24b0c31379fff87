"""Agreement → reference: settles what agrees, hands the rest to physicians, writes down what they decide."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.adjudication import references
from backend.adjudication.queue import refresh_case
from backend.adjudication.several import RULES
from backend.agreement import report
from backend.agreement.keep import keep_comparisons
from backend.settings import Settings
from backend.store.readings import counting
from backend.store.sealed import current_reference, made_by_rule
from backend.store.session import open_session
from backend.store.tables import Image, Reading

ASKED_AT_ONCE = 1000
"""Images that one query names."""


def settle(settings: Settings) -> dict[int, str]:
    """Makes the reference of every projection whose two readings agree; returns where each open projection stands."""
    return settle_images(settings, _without_reference(settings))


def settle_images(settings: Settings, image_ids: Iterable[int]) -> dict[int, str]:
    """The same for these projections alone; their comparisons are kept, and their studies' places in the queue."""
    chosen = sorted(set(image_ids))
    by_study: dict[int, list[int]] = {}
    with open_session(settings) as session:
        for start in range(0, len(chosen), ASKED_AT_ONCE):
            some = select(Image.id, Image.study_id).where(Image.id.in_(chosen[start : start + ASKED_AT_ONCE]))
            for image_id, study_id in session.execute(some):
                by_study.setdefault(study_id, []).append(image_id)
    keep_comparisons(settings, chosen)
    statuses: dict[int, str] = {}
    for study_id, images in by_study.items():
        found = references.settle_study(settings, study_id, images)
        refresh_case(settings, study_id, in_dispute="adjudicate" in found.values())
        statuses |= found
    return dict(sorted(statuses.items()))


def agreement(settings: Settings, *, exposure: bool = False) -> dict[str, Any]:
    """The document of `scintiloop agreement`; with `exposure`, also the Dice for each pairing of exposures."""
    document = report.survey(settings)
    return document | {"by_exposure": report.by_exposure(document["pairs"])} if exposure else document


def open_cases(settings: Settings) -> list[int]:
    """Images that wait for a physician, in order of arrival."""
    return [image_id for image_id, status in settle(settings).items() if status == "adjudicate"]


def _without_reference(settings: Settings) -> list[int]:
    """Images with two or more counting readings whose reference is still to be made, or to be made of all of them."""
    with open_session(settings) as session:
        readings = counting().subquery()
        images = session.scalars(select(Reading.image_id).where(Reading.id.in_(select(readings.c.id))))
        seen = Counter(images)
        return [
            image_id
            for image_id in sorted(seen)
            if seen[image_id] > 1 and _open(session, settings, image_id, seen[image_id])
        ]


def _open(session: Session, settings: Settings, image_id: int, readings: int) -> bool:
    reference = current_reference(session, image_id)
    if reference is None:
        return True
    rule = references.rule_for(settings, readings)
    return rule is not None and made_by_rule(reference) not in (None, RULES[rule])
