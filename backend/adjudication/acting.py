"""One step of a physician: checked against the case, written down, answered."""

import secrets
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.adjudication.case import CaseStudy, load_case
from backend.adjudication.decide import choices_of, rejecting
from backend.adjudication.requests import check_step
from backend.adjudication.steps import State, Step, after
from backend.adjudication.work import Work, add_step, is_outdated, my_work
from backend.errors import InputError, Refused, Revised, Stale, WrongState
from backend.sentences import say
from backend.settings import Settings
from backend.store.audit import record
from backend.store.session import open_session


def act(
    settings: Settings, token: str, account_id: int, step: object, model: str | None
) -> tuple[CaseStudy, Work, State, str | None]:
    """Does one step, in a transaction of its own.

    Args:
        step: as the page sent it.
        model: version of the model that serves, None where there is none.

    Returns:
        The case, the work before, the state after, and the key of the dispute that changed, if any.

    Raises:
        InputError: the step cannot be; nothing was written.
        NotFound, InHand, WrongState: the physician has no open work on such a case.
        Stale: the page did not know of the newest step.
        Revised: a reading was revised since the work began.
        Refused: the model may not be shown.
    """
    revision, action, detail = check_step(step)
    with open_session(settings) as session:
        work = my_work(session, token, account_id, steps=False)
    case = load_case(settings, work.study_id, work.chosen)
    try:
        with open_session(settings) as session:
            work = my_work(session, token, account_id, lock=True)
            check_open(session, work, settings, revision)
            checked = _checked(case, work, action, detail, model)
            done = add_step(session, work.identifier, revision + 1, action, checked)
            if action == "show_model":
                record(
                    session, work.email, "model outlines shown", study=token, adjudication=work.identifier, model=model
                )
    except IntegrityError:
        raise stale() from None
    return case, work, after(work.folded, done), _touched(work.folded, done)


def check_open(session: Session, work: Work, settings: Settings, revision: int) -> None:
    """Whether work may go on from a page of this revision.

    Raises:
        WrongState: it is sealed, or waits for the second opinion.
        Revised: a reading was revised since it began.
        Stale: a step was done that the page does not know of.
    """
    if work.state == "waiting":
        raise WrongState(say("your decisions wait for the second opinion; take the case back to change them"))
    if work.state != "open":
        raise WrongState(say("this case is sealed; nothing can be changed"))
    if is_outdated(session, work, settings.agreement_rules.version):
        raise Revised(
            say("a reading of this case was revised since you began; open it again, what still fits stays decided")
        )
    if revision != work.folded.revision:
        raise stale()


def stale() -> Stale:
    return Stale(say("something was decided since this page was loaded; it is loaded again"))


def _checked(case: CaseStudy, work: Work, action: str, detail: dict[str, Any], model: str | None) -> dict[str, Any]:
    """The detail as it is written down.

    Raises:
        InputError: it does not fit the case.
    """
    state = work.folded
    if action in ("decide", "clear"):
        return _decision(case, work, detail, action)
    if action in ("exclude", "include", "add"):
        _check_projection(case, work, detail["projection"], state, action)
        return detail | {"keys": [secrets.token_hex(8) for _ in detail["regions"]]} if action == "add" else detail
    if action == "remove" and detail["key"] not in state.decided.added:
        raise InputError(say("nothing of this name was drawn in this case"), field="key")
    if action == "undo" and not state.can_undo:
        raise WrongState(say("there is nothing to undo"))
    if action == "show_model":
        return _model_shown(case, model)
    return detail


def _decision(case: CaseStudy, work: Work, detail: dict[str, Any], action: str) -> dict[str, Any]:
    found = case.disputes.get(detail["dispute"])
    if found is None or found[0].image_id not in work.disputed:
        raise InputError(say("this case has no such disagreement; load the page again"), field="dispute")
    if action == "clear":
        return detail
    dispute, choice = found[1], detail["choice"]
    fitting = case.shown(choices_of(dispute))
    if choice not in fitting:
        raise InputError(say("choose one of: {choices}", choices=", ".join(fitting)), field="choice")
    rejects = case.choice(choice) in rejecting(dispute)
    reason, regions = detail.get("reason"), detail.get("regions")
    if rejects != (reason is not None):
        asked = (
            say("say why it is no metastasis") if rejects else say("this choice rejects nothing; leave the reason out")
        )
        raise InputError(asked, field="reason")
    if (choice == "edit") != (regions is not None):
        raise InputError(say("outlines go with the choice edit, and with no other"), field="regions")
    return {"dispute": detail["dispute"], "choice": choice, "reason": reason, "regions": regions}


def _check_projection(case: CaseStudy, work: Work, projection: str, state: State, action: str) -> None:
    in_work = {one.projection for one in case.projections if one.image_id in work.disputed}
    if projection not in in_work:
        raise InputError(say("nothing is to be decided in this projection"), field="projection")
    if action == "include" and projection not in state.decided.exclusions:
        raise InputError(say("this projection is not excluded"), field="projection")


def _model_shown(case: CaseStudy, model: str | None) -> dict[str, Any]:
    check_model_allowed(case, model)
    return {"model": model}


def check_model_allowed(case: CaseStudy, model: str | None) -> None:
    """Raises: Refused: the case is in the frozen test set, or no model serves."""
    if case.sequestered:
        raise Refused(say("no model may be looked at in this case"))
    if model is None:
        raise Refused(say("no model serves yet"))


def _touched(before: State, step: Step) -> str | None:
    """The dispute whose decision a step changed."""
    if step.action in ("decide", "clear"):
        return str(step.detail["dispute"])
    if step.action != "undo":
        return None
    then, now = before.past[-1].decisions, before.decided.decisions
    changed = [key for key in {*then, *now} if then.get(key) != now.get(key)]
    return changed[0] if changed else None
