"""Opening a case: who has it, what is to be decided, and what is carried over from work that came before."""

from typing import Any

from sqlalchemy.orm import Session

from backend.adjudication.case import CaseStudy, load_case
from backend.adjudication.decide import choices_of
from backend.adjudication.steps import CARRY, Decided, State, carry_document
from backend.adjudication.work import (
    Readings,
    Work,
    add_step,
    begin,
    chosen_of,
    find_study,
    is_outdated,
    physician,
    present_readings,
    read_work,
    refuse_in_hand,
    sort_out,
)
from backend.errors import Refused, Stale, WrongState
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.cases import in_hand, newest_work, second_opinion
from backend.store.session import open_session
from backend.store.tables import Adjudication, Study


def open_work(settings: Settings, token: str, account_id: int) -> Work:
    """The physician's work on a case: what was begun already, or new work that has the case in hand from now on.

    Work whose readings were revised ends here and is continued: what was decided about outlines that did not change
    stays decided. A physician who sealed the case gets that work to look at, where nothing is to be decided anew.

    Raises:
        NotFound: no study has that name.
        InHand: another physician has the case in hand.
        WrongState: nothing is to be decided.
        Stale: a reading arrived in this very moment.
    """
    with open_session(settings) as session:
        study_id = find_study(session, token).id
        present = present_readings(session, study_id)
    case = load_case(settings, study_id, chosen_of({"disputed": present, "beside": {}}))
    with open_session(settings) as session:
        study = find_study(session, token, lock=True)
        email = physician(session, account_id).email
        if present_readings(session, study_id) != present:
            raise Stale(say("a reading of this case arrived just now; open it again"))
        readings = sort_out(session, case, present)
        _renew(session, settings, study, case, readings)
        mine = _mine(session, study_id, account_id)
        if mine is not None:
            return read_work(session, mine)
        refuse_in_hand(in_hand(session, study_id), account_id)
        if not readings["disputed"]:
            return _sealed(session, study_id, account_id)
        row = begin(session, study, account_id, "first", readings, settings.agreement_rules.version)
        record(session, email, "case opened", study=token, adjudication=row.id)
        return read_work(session, row)


def take_over(settings: Settings, token: str, account_id: int) -> None:
    """Takes a case out of another physician's hands and goes on from what was decided there; the other's own work is
    kept as it is. Whoever waits for a second opinion takes the case back in this way.

    Raises:
        NotFound: no study has that name.
        WrongState: nobody has the case in hand, or nothing waits.
    """
    with open_session(settings) as session:
        study = find_study(session, token, lock=True)
        email = physician(session, account_id).email
        held, opinion = in_hand(session, study.id), second_opinion(session, study.id)
        if held is None:
            raise WrongState(say("nobody has this case in hand; open it"))
        if held.account_id == account_id:
            if opinion is None or held.state != "waiting":
                raise WrongState(say("you have this case in hand already"))
            opinion.state, held.state = "ended", "open"
            record(session, email, "second opinion taken back", study=token, adjudication=opinion.id)
            return
        work = read_work(session, held)
        held.state = "ended"
        row = begin(session, study, account_id, "first", work.readings, work.rules)
        carry(session, row, work, carry_document(work.folded, keep_model=False))
        record(session, email, "case taken over", study=token, adjudication=row.id, from_adjudication=held.id)


def ask_second_opinion(settings: Settings, token: str, account_id: int, of: int) -> None:
    """Hands the case to another physician too, whose decisions stay apart until both have sealed theirs.

    Raises:
        NotFound: no study has that name, or no physician that account.
        InHand: another physician has the case.
        WrongState: the case is not in this physician's hands, or a second opinion was asked for already.
        Refused: of oneself.
    """
    with open_session(settings) as session:
        study = find_study(session, token, lock=True)
        email, other = physician(session, account_id).email, physician(session, of)
        held = in_hand(session, study.id)
        refuse_in_hand(held, account_id)
        if held is None or held.state != "open":
            raise WrongState(say("open the case first"))
        if of == account_id:
            raise Refused(say("a second opinion comes from another physician"))
        if held.kind == "joint" or second_opinion(session, study.id) is not None:
            raise WrongState(say("a second opinion was asked for already"))
        row = begin(session, study, of, "second", held.readings, held.rules)
        record(session, email, "second opinion asked", study=token, adjudication=row.id, of=other.email)


def _renew(session: Session, settings: Settings, study: Study, case: CaseStudy, readings: Readings) -> None:
    """Ends live work that is outdated; where something is left to decide, new work continues it."""
    rules = settings.agreement_rules.version
    for row in (in_hand(session, study.id), second_opinion(session, study.id)):
        if row is None or not is_outdated(session, work := read_work(session, row), rules):
            continue
        row.state = "ended"
        if readings["disputed"]:
            kind = "second" if row.kind == "second" else "first"
            new = begin(session, study, row.account_id, kind, readings, rules)
            carry(session, new, work, carry_document(_fitting(work.folded, case, readings), keep_model=True))
            record(
                session,
                work.email,
                "case opened",
                study=study.token,
                adjudication=new.id,
                from_adjudication=row.id,
            )


def _fitting(state: State, case: CaseStudy, readings: Readings) -> State:
    """What of a state still has a meaning in the case as it is now."""
    here: set[str] = {one.projection for one in case.projections if str(one.image_id) in readings["disputed"]}
    kept = {
        key: decision
        for key, decision in state.decided.decisions.items()
        if key in case.disputes
        and case.disputes[key][0].projection in here
        and case.choice(decision["choice"]) in choices_of(case.disputes[key][1])
    }
    exclusions: dict[str, str] = {name: reason for name, reason in state.decided.exclusions.items() if name in here}
    added = {key: one for key, one in state.decided.added.items() if one["projection"] in here}
    return State(Decided(kept, exclusions, added), comment=state.comment, model_shown=state.model_shown)


def carry(session: Session, row: Adjudication, work: Work, document: dict[str, Any]) -> None:
    """Lets new work begin with what other work decided."""
    row.continues = work.identifier
    add_step(session, row.id, 1, CARRY, document)


def _mine(session: Session, study_id: int, account_id: int) -> Adjudication | None:
    """The physician's live work: an opinion that was asked for before the case itself, which others have."""
    for row in (second_opinion(session, study_id), in_hand(session, study_id)):
        if row is not None and row.account_id == account_id:
            return row
    return None


def _sealed(session: Session, study_id: int, account_id: int) -> Work:
    row = newest_work(session, study_id, account_id)
    if row is None or row.state != "sealed":
        raise WrongState(say("nothing is to be decided in this case: its readings agree, or it is settled"))
    return read_work(session, row)
