"""References written down: settled by rule, decided by a physician, or excluded.

Every step is safe to repeat: the same readings and decisions add nothing, a revised reading adds a new reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sqlalchemy.orm import Session

from backend.adjudication.consensus import RULE
from backend.adjudication.decide import Dispute, check_decisions, disputes, resolve
from backend.errors import InputError, WrongState
from backend.records import LabelMasks, ProjectionStatus
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import blobs_of
from backend.store.masks import put_mask
from backend.store.readings import counting_readings
from backend.store.sealed import SealedImage, SealedReading, calls_differ, current_reference, sealed_study, study_of
from backend.store.session import open_session
from backend.store.tables import Image, Reference

RULE_AUTHOR = "scintiloop"
CANNOT_BE_SETTLED = "cannot be settled"


@dataclass(frozen=True, eq=False)
class Case:
    """Two sealed readings of one projection and what is disputed between them; pages call the readers a and b."""

    image: SealedImage
    a: SealedReading
    b: SealedReading
    patient_call_differs: bool
    disputes: tuple[Dispute, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A reference before it is written: `masks` None where the projection is excluded for `reason`."""

    status: ProjectionStatus
    masks: LabelMasks | None
    reason: str | None = None
    decisions: list[Any] | None = None
    by: str | None = None


def open_case(settings: Settings, image_id: int) -> Case:
    """What a physician sees of a projection.

    Where one reader calls the image unreadable and the other read it, that is the one dispute (kind `exclusion`).

    Raises:
        NotFound: no image has that id.
        WrongState: fewer than two readings are sealed.
    """
    study = sealed_study(settings, study_of(settings, image_id))
    image = next(image for image in study if image.image_id == image_id)
    if image.pair is None:
        raise WrongState(f"image {image_id} cannot be compared yet: {len(image.readings)} of 2 readings are sealed")
    a, b = image.pair
    differs = calls_differ(study, a.reader, b.reader)
    if a.exclusion or b.exclusion:
        return Case(image, a, b, differs, _exclusion_disputes(a, b))
    return Case(
        image, a, b, differs, disputes(a.masks, b.masks, settings.agreement_rules, patient_call_differs=differs)
    )


def settle(settings: Settings, image_id: int) -> ProjectionStatus:
    """Makes the reference of a projection whose two readings agree; returns where the projection stands.

    A reference that stands on the same readings stays as it is.

    Raises:
        NotFound: no image has that id.
    """
    try:
        case = open_case(settings, image_id)
        if case.image.reference_status is not None:
            return cast(ProjectionStatus, case.image.reference_status)
        if case.disputes:
            return "adjudicate"
        outcome = _agreed(settings, case)
        _write(settings, case, outcome)
    except WrongState:
        return "waiting"
    return outcome.status


def record_decisions(
    settings: Settings, image_id: int, decisions: Mapping[int, str], by: str, reason: str | None = None
) -> int:
    """Makes the reference that a physician's decisions give; returns its id.

    Args:
        decisions: choice by dispute of `open_case`: `a`, `b`, `neither` or `consensus`.
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
    masks, exclusion = _decided(settings, case, decisions)
    status: ProjectionStatus = "excluded" if masks is None else "adjudicated"
    return _write(settings, case, Outcome(status, masks, exclusion or reason, written, by))


def exclude(settings: Settings, image_id: int, by: str, reason: str) -> int:
    """Leaves a projection out of every data set, with a physician's reason; returns the reference's id.

    Raises:
        InputError: no reason is given.
        NotFound: no image has that id.
    """
    if not reason.strip():
        raise InputError("an exclusion needs a reason, such as 'unreadable' or 'primary bone tumour'", field="reason")
    study_of(settings, image_id)
    with open_session(settings) as session:
        ids = [reading.id for reading in counting_readings(session, image_id)[:2]]
        pair = (ids[0], ids[1]) if len(ids) == 2 else (None, None)
        return _add(session, image_id, pair, Outcome("excluded", None, reason.strip(), by=by), {})


def _exclusion_disputes(a: SealedReading, b: SealedReading) -> tuple[Dispute, ...]:
    if a.exclusion and b.exclusion:
        return ()
    mask_a = None if a.exclusion else a.masks.metastasis
    mask_b = None if b.exclusion else b.masks.metastasis
    return (Dispute(1, "metastasis", "exclusion", mask_a, mask_b),)


def _agreed(settings: Settings, case: Case) -> Outcome:
    if case.a.exclusion and case.b.exclusion:
        reasons = sorted({case.a.exclusion, case.b.exclusion})
        return Outcome("excluded", None, ", ".join(reasons))
    masks, _ = _decided(settings, case, {})
    return Outcome("agreed", masks)


def _decided(settings: Settings, case: Case, decisions: Mapping[int, str]) -> tuple[LabelMasks | None, str | None]:
    """The reference's masks, or None and the reason of the exclusion."""
    if not (case.a.exclusion or case.b.exclusion):
        differs = case.patient_call_differs
        rules = settings.agreement_rules
        return resolve(case.a.masks, case.b.masks, decisions, rules, patient_call_differs=differs), None
    chosen = {"a": case.a, "b": case.b}.get(decisions[1])
    if chosen is None:
        return None, CANNOT_BE_SETTLED
    return (None, chosen.exclusion) if chosen.exclusion else (chosen.masks, None)


def _write(settings: Settings, case: Case, outcome: Outcome) -> int:
    """Writes blobs, then the row, if the readings are still those that were compared."""
    blobs = blobs_of(settings)
    hashes: dict[str, str] = {}
    if outcome.masks is not None:
        masks = outcome.masks
        ignored = masks.ignored if masks.ignored is not None else np.zeros_like(masks.metastasis)
        named = {"metastasis": masks.metastasis, "bladder": masks.bladder, "ignored": ignored}
        hashes = {f"{name}_sha256": put_mask(blobs, mask) for name, mask in named.items()}
    pair = (case.a.reading_id, case.b.reading_id)
    with open_session(settings) as session:
        session.get(Image, case.image.image_id, with_for_update=True)
        ids = [reading.id for reading in counting_readings(session, case.image.image_id)[:2]]
        if tuple(ids) != pair:
            raise WrongState(f"a reading of image {case.image.image_id} was revised meanwhile; look at the case again")
        return _add(session, case.image.image_id, pair, outcome, hashes)


def _add(
    session: Session, image_id: int, pair: tuple[int | None, int | None], outcome: Outcome, hashes: dict[str, str]
) -> int:
    row = Reference(
        image_id=image_id,
        status=outcome.status,
        reason=outcome.reason,
        rule=RULE,
        reading_a=pair[0],
        reading_b=pair[1],
        decisions=outcome.decisions,
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
        readings=list(pair),
    )
    return row.id


def _content(row: Reference) -> tuple[object, ...]:
    """What makes two references the same: everything but who wrote it when."""
    hashes = (row.metastasis_sha256, row.bladder_sha256, row.ignored_sha256)
    return (row.status, row.reason, row.rule, row.reading_a, row.reading_b, row.decisions, *hashes)
