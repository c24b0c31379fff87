"""Finishing a case: what was decided becomes the reference of each projection in dispute."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.adjudication.acting import check_open
from backend.adjudication.case import (
    CaseProjection,
    CaseStudy,
    chosen_reading,
    decision_parts,
    load_case,
    masks_of,
)
from backend.adjudication.consensus import compose
from backend.adjudication.document import undecided
from backend.adjudication.opening import carry
from backend.adjudication.references import CANNOT_BE_SETTLED, Outcome, add_reference, put_masks
from backend.adjudication.requests import check_revision
from backend.adjudication.steps import Decided, State, carry_document
from backend.adjudication.work import Work, begin, find_study, my_work, read_work
from backend.errors import WrongState
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.blobs import blobs_of
from backend.store.cases import in_hand, note_case, second_opinion
from backend.store.session import open_session
from backend.store.tables import Adjudication, now
from converters.grid import GRID_SHAPE
from converters.regions import LABELS


@dataclass(frozen=True, eq=False)
class Sealing:
    """The reference of one projection before it is written."""

    image_id: int
    pair: tuple[int, int]
    outcome: Outcome
    hashes: dict[str, str]

    @property
    def says(self) -> tuple[object, ...]:
        """What makes two physicians' references alike."""
        return (self.image_id, self.outcome.status, self.outcome.reason, *sorted(self.hashes.items()))


def finish(settings: Settings, token: str, account_id: int, revision: object) -> str:
    """Seals the references of the projections in dispute: `sealed`.

    Where a second opinion was asked for, the first of the two to finish is `waiting`; when both have finished and
    decided alike, the reference is sealed, and else it is `joint`: the first physician has the last word.

    Raises:
        InputError: the revision is no number.
        NotFound, InHand: the physician has no work on such a case.
        Stale: the page did not know of the newest step.
        Revised: a reading was revised since the work began.
        WrongState: something is undecided, or the work is sealed.
    """
    known = check_revision(revision)
    with open_session(settings) as session:
        work = my_work(session, token, account_id)
        check_open(session, work, settings, known)
        other = _counterpart(session, work)
    case = load_case(settings, work.study_id, work.chosen)
    _check_complete(case, work)
    mine = _sealings(settings, case, work)
    theirs = _sealings(settings, case, other) if other and other.state == "waiting" else None
    with open_session(settings) as session:
        study = find_study(session, token, lock=True)
        check_open(session, my_work(session, token, account_id), settings, known)
        if _counterpart(session, work) != other:
            raise WrongState(say("the other physician did something just now; try again"))
        if (work.kind == "second" and other is None) or (other is not None and theirs is None):
            return _wait(session, work)
        if other is not None and theirs is not None and not _alike(mine, theirs):
            return _open_joint(session, case, work, other)
        for one in mine if theirs is None or work.kind == "first" else theirs:
            add_reference(session, one.image_id, one.pair, one.outcome, one.hashes)
        for done in (work, other):
            if done is not None:
                _seal(session, done)
        note_case(session, study.id, open=False, disputes=0)
    return "sealed"


def _counterpart(session: Session, work: Work) -> Work | None:
    """The other physician's live work where there are two opinions; None where there is one, or a last word."""
    if work.kind == "joint":
        return None
    row = in_hand(session, work.study_id) if work.kind == "second" else second_opinion(session, work.study_id)
    return None if row is None else read_work(session, row)


def _check_complete(case: CaseStudy, work: Work) -> None:
    """Raises: WrongState: something is undecided."""
    if left := len(undecided(case, work, work.folded)):
        raise WrongState(say("{left} disagreements wait for a decision; decide them first", left=left))


def _sealings(settings: Settings, case: CaseStudy, work: Work) -> list[Sealing]:
    """The references that work gives; their masks are kept already."""
    return [_sealing(settings, case, work, one) for one in case.projections if one.image_id in work.disputed]


def _sealing(settings: Settings, case: CaseStudy, work: Work, projection: CaseProjection) -> Sealing:
    stands = work.folded.decided
    masks = masks_of(case, projection, stands)
    outcome = Outcome(
        "excluded" if masks is None else "adjudicated",
        masks,
        _why_excluded(case, projection, stands) if masks is None else None,
        _written(case, projection, work.folded),
        work.email,
        adjudication_id=work.identifier,
    )
    a, b = work.readings["disputed"][str(projection.image_id)][:2]
    return Sealing(projection.image_id, (a, b), outcome, put_masks(blobs_of(settings), masks))


def _why_excluded(case: CaseStudy, projection: CaseProjection, stands: Decided) -> str:
    if projection.projection in stands.exclusions:
        return stands.exclusions[projection.projection]
    reading = chosen_reading(case, projection, stands.decisions[projection.disputes[0].key])
    return (reading.exclusion if reading else None) or CANNOT_BE_SETTLED


def _written(case: CaseStudy, projection: CaseProjection, state: State) -> list[Any]:
    """The decisions as the reference keeps them, in terms of its readings a and b."""
    written: list[Any] = []
    for dispute in projection.disputes:
        if (decision := state.decided.decisions.get(dispute.key)) is not None:
            said = decision | {"choice": case.choice(decision["choice"])}
            written.append({"dispute": dispute.identifier, "key": dispute.key, "kind": dispute.kind} | said)
    for key, one in state.decided.added.items():
        if one["projection"] == projection.projection:
            written.append({"added": key, "region": one["region"]})
    return [*written, {"comment": state.comment}] if state.comment else written


def _alike(mine: list[Sealing], theirs: list[Sealing]) -> bool:
    return [one.says for one in mine] == [one.says for one in theirs]


def _wait(session: Session, work: Work) -> str:
    row = session.get_one(Adjudication, work.identifier)
    row.state, row.sealed = "waiting", now()
    record(session, work.email, "decisions wait for the other opinion", study=work.token, adjudication=row.id)
    return "waiting"


def _seal(session: Session, work: Work) -> None:
    row = session.get_one(Adjudication, work.identifier)
    row.state, row.sealed = "sealed", row.sealed or now()
    readings = {image: ids[:2] for image, ids in work.readings["disputed"].items()}
    record(session, work.email, "case sealed", study=work.token, adjudication=row.id, kind=row.kind, readings=readings)


def _open_joint(session: Session, case: CaseStudy, work: Work, other: Work) -> str:
    """The first physician's last word: it begins with what both decided alike and with all that either drew besides."""
    first, second = (work, other) if work.kind == "first" else (other, work)
    for done in (first, second):
        _seal(session, done)
    study = find_study(session, first.token)
    row = begin(session, study, first.account_id, "joint", first.readings, first.rules)
    carry(session, row, first, _common(case, first.folded, second.folded) | {"second": second.identifier})
    record(session, first.email, "opinions differ", study=first.token, adjudication=row.id, second=second.identifier)
    return "joint"


def _common(case: CaseStudy, first: State, second: State) -> dict[str, Any]:
    one, other = first.decided, second.decided
    same = {
        key: decision
        for key, decision in one.decisions.items()
        if key in other.decisions and _drawn_alike(case, key, decision, other.decisions[key])
    }
    exclusions = {name: why for name, why in one.exclusions.items() if other.exclusions.get(name) == why}
    state = State(Decided(same, exclusions, one.added | other.added), comment=first.comment)
    return carry_document(state, keep_model=False)


def _drawn_alike(case: CaseStudy, key: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two decisions on one dispute come to the same pixels."""
    if one["choice"] == other["choice"] != "edit":
        return True
    _, dispute = case.disputes[key]
    if dispute.kind == "exclusion":
        return False
    drawn = [compose(decision_parts(case, dispute, decision), np.zeros(GRID_SHAPE, bool)) for decision in (one, other)]
    return all(np.array_equal(drawn[0][label], drawn[1][label]) for label in LABELS)
