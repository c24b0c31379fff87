"""References written down: settled by rule, decided by a physician, or excluded.

Every step is safe to repeat: the same readings and decisions add nothing, a revised reading adds a new reference.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sqlalchemy.orm import Session

from backend.adjudication.compared import Compared, compared
from backend.adjudication.consensus import RULE
from backend.adjudication.decide import check_decisions, resolve
from backend.adjudication.queue import refresh_case
from backend.adjudication.several import FEWEST, RULES, Rule, common
from backend.errors import InputError, Revised, WrongState
from backend.records import LabelMasks, ProjectionStatus
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import BlobStore, blobs_of
from backend.store.masks import put_mask
from backend.store.readings import counting_readings
from backend.store.sealed import SealedImage, current_reference, sealed_study, study_of
from backend.store.session import open_session
from backend.store.tables import Image, Reference

RULE_AUTHOR = "scintiloop"
CANNOT_BE_SETTLED = "cannot be settled"


@dataclass(frozen=True, eq=False)
class Outcome:
    """A reference before it is written: `masks` None where the projection is excluded for `reason`."""

    status: ProjectionStatus
    masks: LabelMasks | None
    reason: str | None = None
    decisions: list[Any] | None = None
    by: str | None = None
    rule: str = RULE
    further: tuple[int, ...] = ()
    """Ids of the third and further readings, where the rule is one for three or more."""
    adjudication_id: int | None = None


def open_case(settings: Settings, image_id: int) -> Compared:
    """The two readings of a projection and what is disputed between them.

    Where one reader calls the image unreadable and the other read it, that is the one dispute (kind `exclusion`).

    Raises:
        NotFound: no image has that id.
        WrongState: fewer than two readings are sealed.
    """
    study = sealed_study(settings, study_of(settings, image_id))
    image = next(image for image in study if image.image_id == image_id)
    found = compared(study, image, settings.agreement_rules)
    if found is None:
        raise WrongState(f"image {image_id} cannot be compared yet: {len(image.readings)} of 2 readings are sealed")
    return found


def settle(settings: Settings, image_id: int) -> ProjectionStatus:
    """Makes the reference of a projection whose two readings agree; returns where the projection stands.

    A reference that stands on the same readings stays as it is.

    Raises:
        NotFound: no image has that id.
    """
    return settle_study(settings, study_of(settings, image_id), [image_id])[image_id]


def settle_study(settings: Settings, study_id: int, image_ids: Collection[int]) -> dict[int, ProjectionStatus]:
    """The same for some projections of one study.

    Raises:
        NotFound: no study has that id.
    """
    study = sealed_study(settings, study_id)
    return {image.image_id: _settle(settings, study, image) for image in study if image.image_id in image_ids}


def _settle(settings: Settings, study: tuple[SealedImage, ...], image: SealedImage) -> ProjectionStatus:
    rule = rule_for(settings, len(image.readings))
    if image.reference_status is not None and (rule is None or image.reference_rule in (None, RULES[rule])):
        return cast(ProjectionStatus, image.reference_status)
    found = compared(study, image, settings.agreement_rules)
    if found is None:
        return "waiting"
    outcome = (None if rule is None else _by_several(image, found, rule)) or _by_two(found)
    if outcome is None:
        return "adjudicate"
    try:
        _write(settings, found, outcome)
    except Revised:
        return "waiting"
    return outcome.status


def rule_for(settings: Settings, readings: int) -> Rule | None:
    """The rule over all readings that is chosen for a projection with so many; None where a physician settles it."""
    return None if settings.consensus == "physician" or readings < FEWEST else settings.consensus


def record_decisions(
    settings: Settings, image_id: int, decisions: Mapping[int, str], by: str, reason: str | None = None
) -> int:
    """Makes the reference that decisions on one projection give, for scripts; returns its id.

    Args:
        decisions: choice by dispute of `open_case`: one of `decide.CHOICES` but `edit`, or `consensus`.
        by: who decided.
        reason: the physician's remark.

    Raises:
        NotFound: no image has that id.
        WrongState: fewer than two readings are sealed, or they agree.
        InputError: a decision is missing, or one is unknown.
    """
    case = open_case(settings, image_id)
    if not case.disputes:
        raise WrongState(f"image {image_id} needs no decision: its two readings agree")
    check_decisions(case.disputes, decisions)
    written: list[Any] = [
        {"dispute": one.identifier, "kind": one.kind, "choice": decisions[one.identifier]} for one in case.disputes
    ]
    masks, exclusion = _decided(case, decisions)
    status: ProjectionStatus = "excluded" if masks is None else "adjudicated"
    reference_id = _write(settings, case, Outcome(status, masks, exclusion or reason, written, by))
    refresh_case(settings, study_of(settings, image_id), in_dispute=False)
    return reference_id


def exclude(settings: Settings, image_id: int, by: str, reason: str) -> int:
    """Leaves a projection out of every data set, with a physician's reason; returns the reference's id.

    Raises:
        InputError: no reason is given.
        NotFound: no image has that id.
    """
    if not reason.strip():
        raise InputError("an exclusion needs a reason, such as 'unreadable' or 'primary bone tumour'", field="reason")
    study_id = study_of(settings, image_id)
    with open_session(settings) as session:
        ids = [reading.id for reading in counting_readings(session, image_id)[:2]]
        pair = (ids[0], ids[1]) if len(ids) == 2 else (None, None)
        outcome = Outcome("excluded", None, reason.strip(), by=by)
        reference_id = add_reference(session, image_id, pair, outcome, {})
    refresh_case(settings, study_id, in_dispute=False)
    return reference_id


def put_masks(blobs: BlobStore, masks: LabelMasks | None) -> dict[str, str]:
    """Keeps the masks of a reference; returns its columns. None, an excluded projection, has none."""
    if masks is None:
        return {}
    ignored = masks.ignored if masks.ignored is not None else np.zeros_like(masks.metastasis)
    named = {"metastasis": masks.metastasis, "bladder": masks.bladder, "ignored": ignored}
    return {f"{name}_sha256": put_mask(blobs, mask) for name, mask in named.items()}


def add_reference(
    session: Session, image_id: int, pair: tuple[int | None, int | None], outcome: Outcome, hashes: dict[str, str]
) -> int:
    """Adds a reference in the running transaction, unless the one that stands says the same; returns its id.

    Args:
        pair: ids of the first two readings that it stands on.
        hashes: as `put_masks` gives them.
    """
    row = Reference(
        image_id=image_id,
        status=outcome.status,
        reason=outcome.reason,
        rule=outcome.rule,
        reading_a=pair[0],
        reading_b=pair[1],
        further_readings=list(outcome.further) or None,
        decisions=outcome.decisions,
        adjudication_id=outcome.adjudication_id,
        decided_by=outcome.by,
        **hashes,
    )
    standing = current_reference(session, image_id)
    if standing is not None and _content(standing) == _content(row):
        return standing.id
    session.add(row)
    session.flush()
    record(
        session,
        outcome.by or RULE_AUTHOR,
        f"reference {outcome.status}",
        image=image_id,
        reference=row.id,
        readings=[*pair, *outcome.further],
    )
    return row.id


def _by_several(image: SealedImage, case: Compared, rule: Rule) -> Outcome | None:
    """What all readings come to; None where they do not and the first two call for a physician."""
    found = common(image.readings, rule)
    if found is None or (found.unclear and case.disputes):
        return None
    further = tuple(reading.reading_id for reading in image.readings[2:])
    status: ProjectionStatus = "agreed" if found.masks is not None else "excluded"
    return Outcome(status, found.masks, found.exclusion, rule=RULES[rule], further=further)


def _by_two(case: Compared) -> Outcome | None:
    """What the first two readings come to; None where a physician must decide."""
    if case.disputes:
        return None
    if case.a.exclusion and case.b.exclusion:
        reasons = sorted({case.a.exclusion, case.b.exclusion})
        return Outcome("excluded", None, ", ".join(reasons))
    masks, _ = _decided(case, {})
    return Outcome("agreed", masks)


def _decided(case: Compared, decisions: Mapping[int, str]) -> tuple[LabelMasks | None, str | None]:
    """The reference's masks, or None and the reason of the exclusion."""
    if not (case.a.exclusion or case.b.exclusion):
        return resolve(case.findings, decisions, case.a.masks.metastasis), None
    chosen = {"a": case.a, "b": case.b}.get(decisions[1])
    if chosen is None:
        return None, CANNOT_BE_SETTLED
    return (None, chosen.exclusion) if chosen.exclusion else (chosen.masks, None)


def _write(settings: Settings, case: Compared, outcome: Outcome) -> int:
    """Writes blobs, then the row, if the readings are still those that were compared."""
    hashes = put_masks(blobs_of(settings), outcome.masks)
    pair = (case.a.reading_id, case.b.reading_id)
    with open_session(settings) as session:
        session.get(Image, case.image_id, with_for_update=True)
        ids = tuple(reading.id for reading in counting_readings(session, case.image_id))
        if ids[:2] != pair or (outcome.further and ids[2:] != outcome.further):
            raise Revised(f"a reading of image {case.image_id} was revised meanwhile; look at the case again")
        return add_reference(session, case.image_id, pair, outcome, hashes)


def _content(row: Reference) -> tuple[object, ...]:
    """What makes two references the same: everything but who wrote it when."""
    hashes = (row.metastasis_sha256, row.bladder_sha256, row.ignored_sha256)
    stands_on = (row.reading_a, row.reading_b, row.further_readings)
    return (row.status, row.reason, row.rule, *stands_on, row.decisions, *hashes)
