"""A physician's part of the loop: the queue, a case, its decisions, the sealed reference."""

import logging
from typing import Any

from sqlalchemy import select

from backend.adjudication import acting, opening, seal
from backend.adjudication.case import load_case
from backend.adjudication.document import answer
from backend.adjudication.document import document as told
from backend.adjudication.outlines import rings_of
from backend.adjudication.surroundings import around, references_beside
from backend.adjudication.work import Work, my_work
from backend.errors import InputError, Refused
from backend.jobs.steps.predict_stored import NO_CHAMPION, champion_version, predict_image
from backend.sentences import Sentence, say
from backend.settings import Settings
from backend.store import cases
from backend.store.session import open_session
from backend.store.tables import Account
from converters.regions import LABELS

log = logging.getLogger(__name__)


def queue(settings: Settings, *, account_id: int, offset: int = 0, limit: int = 50) -> dict[str, Any]:
    """The open cases, by clinical weight: how many there are, and a page of them as `store.cases` tells them."""
    with open_session(settings) as session:
        total, page = cases.queue_page(session, account_id, offset, limit)
    return {"total": total, "cases": page}


def open_case_for(settings: Settings, token: str, account_id: int) -> dict[str, Any]:
    """Takes the case in hand, or goes on with it; the document of the page.

    Raises:
        NotFound: no study has that name.
        InHand: another physician has the case in hand.
        WrongState: nothing is to be decided.
        Stale: a reading arrived in this very moment.
    """
    return _document(settings, opening.open_work(settings, token, account_id))


def document(settings: Settings, token: str, account_id: int) -> dict[str, Any]:
    """The document of work that was begun, sealed work too; claims nothing.

    Raises:
        NotFound: no study has that name.
        InHand, WrongState: this physician has no work on it.
    """
    with open_session(settings) as session:
        work = my_work(session, token, account_id)
    return _document(settings, work)


def act(settings: Settings, token: str, account_id: int, step: object) -> dict[str, Any]:
    """Does one step and says what changed by it.

    Raises:
        InputError, NotFound, InHand, WrongState, Stale, Revised, Refused: as `adjudication.acting.act`.
    """
    try:
        case, work, state, touched = acting.act(settings, token, account_id, step, _champion(settings))
    except InputError as error:
        # what came stays out of the log: the template of the sentence names no value
        words = error.message.template if isinstance(error.message, Sentence) else "no sentence"
        log.info("a physician's step was refused (account %s): %s %s", account_id, error.field, words)
        raise
    return answer(case, work, state, references_beside(settings, case, work), touched)


def finish(settings: Settings, token: str, account_id: int, revision: object) -> dict[str, Any]:
    """Seals the case, as `adjudication.seal.finish`; `next` is the case to look at then, None where none waits."""
    state = seal.finish(settings, token, account_id, revision)
    with open_session(settings) as session:
        return {"state": state, "next": cases.next_case(session, account_id)}


def take_over(settings: Settings, token: str, account_id: int) -> None:
    """See `adjudication.opening.take_over`."""
    opening.take_over(settings, token, account_id)


def ask_second_opinion(settings: Settings, token: str, account_id: int, of: int) -> None:
    """See `adjudication.opening.ask_second_opinion`."""
    opening.ask_second_opinion(settings, token, account_id, of)


def physicians(settings: Settings) -> list[dict[str, Any]]:
    """Who may be asked for a second opinion: `id` and `email`."""
    with open_session(settings) as session:
        chosen = select(Account).where(Account.role == "physician", Account.active).order_by(Account.email)
        return [{"id": one.id, "email": one.email} for one in session.scalars(chosen)]


def model_outlines(settings: Settings, token: str, account_id: int) -> dict[str, list[dict[str, Any]]]:
    """The champion's outlines by projection, for a physician whose look at them was recorded.

    Raises:
        NotFound, InHand, WrongState: this physician has no work on such a case.
        Refused: the case is in the frozen test set, no model serves, or the look was not recorded.
    """
    with open_session(settings) as session:
        work = my_work(session, token, account_id)
    case = load_case(settings, work.study_id, work.chosen)
    acting.check_model_allowed(case, _champion(settings))
    if not work.folded.model_shown:
        raise Refused(say("looking at the model's outlines is recorded first"))
    outlines: dict[str, list[dict[str, Any]]] = {}
    for one in case.projections:
        prediction = predict_image(settings, one.image_id)
        masks = prediction.masks if prediction else None
        drawn = [{"label": label, "rings": rings_of(label, masks[label])} for label in LABELS] if masks else []
        outlines[one.projection] = [region for region in drawn if region["rings"]]
    return outlines


def _document(settings: Settings, work: Work) -> dict[str, Any]:
    case = load_case(settings, work.study_id, work.chosen)
    return told(case, work, around(settings, case, work, model_serves=_champion(settings) is not None))


def _champion(settings: Settings) -> str | None:
    version = champion_version(settings)
    return None if version == NO_CHAMPION else version
