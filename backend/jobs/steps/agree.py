"""Agreement → reference: settles what agrees, hands the rest to physicians, writes down what they decide."""

from collections.abc import Iterable

from sqlalchemy import func, select

from backend.adjudication import references
from backend.adjudication.queue import refresh_case
from backend.adjudication.several import RULES
from backend.agreement.keep import keep_comparisons
from backend.settings import Settings
from backend.store.readings import counting
from backend.store.sealed import made_by_rule, stands
from backend.store.session import open_session
from backend.store.tables import Case, Image, Reading, Reference

ASKED_AT_ONCE = 1000
"""Images that one query names."""


_waiting: dict[tuple[str, int], tuple[object, dict[int, str]]] = {}
"""What this process found to wait for a physician, by database and study: its readings then, and the statuses."""


def settle(settings: Settings) -> dict[int, str]:
    """Makes the reference of every projection whose two readings agree; returns where each open projection stands.

    A study that waits for a physician is compared again only when its readings or the rules have changed.
    """
    rules = (settings.agreement_rules.version, settings.consensus)
    studies = _without_reference(settings)
    statuses: dict[int, str] = {}
    for study_id, images in studies.items():
        known = _waiting.get((settings.database, study_id))
        if known is not None and known[0] == (rules, images):
            statuses |= known[1]
    found = settle_images(settings, (image for images in studies.values() for image in images if image not in statuses))
    for study_id, images in studies.items():
        here = {image: found[image] for image in images if image in found}
        if here and set(here.values()) == {"adjudicate"}:
            _waiting[settings.database, study_id] = ((rules, images), here)
    _close(settings, besides=set(studies))
    return dict(sorted((statuses | found).items()))


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


def open_cases(settings: Settings) -> list[int]:
    """Images that wait for a physician, in order of arrival."""
    return [image_id for image_id, status in settle(settings).items() if status == "adjudicate"]


def _without_reference(settings: Settings) -> dict[int, dict[int, list[int]]]:
    """By study: the images with two or more counting readings whose reference is still to be made, or to be made of all
    of them, and the ids of their readings."""
    with open_session(settings) as session:
        readings: dict[tuple[int, int], list[int]] = {}
        rows = session.execute(counting().join(Reading.image).with_only_columns(Image.study_id, Image.id, Reading.id))
        for study_id, image_id, reading_id in rows:
            readings.setdefault((study_id, image_id), []).append(reading_id)
        newest = select(func.max(Reference.id)).group_by(Reference.image_id)
        made = {row.image_id: row for row in session.scalars(select(Reference).where(Reference.id.in_(newest)))}
    studies: dict[int, dict[int, list[int]]] = {}
    for (study_id, image_id), ids in sorted(readings.items()):
        if len(ids) > 1 and _open(settings, made.get(image_id), ids):
            studies.setdefault(study_id, {})[image_id] = ids
    return studies


def _open(settings: Settings, reference: Reference | None, readings: list[int]) -> bool:
    if reference is None or not stands(reference, readings):
        return True
    rule = references.rule_for(settings, len(readings))
    return rule is not None and made_by_rule(reference) not in (None, RULES[rule])


def _close(settings: Settings, besides: set[int]) -> None:
    """Cases that wait for nothing any more, as where a reading was withdrawn, leave the queue."""
    with open_session(settings) as session:
        gone = set(session.scalars(select(Case.study_id).where(Case.open))) - besides
    for study_id in sorted(gone):
        refresh_case(settings, study_id, in_dispute=False)
